"""Each path is read by the cheapest calls that find what is missing, the largest file first."""

from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace

import pytest

from playlist_builder.audio.header import Header
from playlist_builder.library.scan import analyse_file
from playlist_builder.library.scan.dispatch import Known, read_files
from playlist_builder.library.scan.file_state import UNREADABLE_STAT, FileResult
from playlist_builder.library.scan.processes import WorkerDied, WorkerLost
from playlist_builder.models import File, Skipped, Stat, Tags

MEASURED, HEARD, EMBEDDING = object(), object(), object()  # what they hold is of no interest here
STAT = Stat(7, 1)


class Fake(Executor):
    """Answers each call at once; keeps the calls, and how many were open at a time."""

    def __init__(self, answer):
        self.answer, self.calls, self.open = answer, [], []

    def submit(self, function, *arguments):
        self.calls.append((function, *arguments))
        future = Future()
        self.open.append(future)
        try:
            future.set_result(self.answer(function, *arguments))
        except Exception as error:  # noqa: BLE001 - as any executor does
            future.set_exception(error)
        return future


def honest(function, path, vocals=False, embedding=False):  # noqa: FBT002 - as they are sent
    """Return what a call finds in a file whose identity is the first letter of its name."""
    found = File(path, STAT, path[0], Tags())
    measured = MEASURED if function is analyse_file.analyse else None
    heard, embedded = HEARD if vocals else None, EMBEDDING if embedding else None
    return FileResult(STAT, found, measured, heard, embedded)


def known(files=None, measured=(), detected=(), embedded=()):
    return Known(files or {}, {}, set(measured), set(detected), set(embedded))


def read(executor, paths, of, *, vocals=True, embedding=False):
    stats = [(path, size) if isinstance(size, Stat) else (path, STAT) for path, size in paths]
    results = read_files(executor, stats, of, vocals=vocals, embedding=embedding, max_pending=4)
    return list(results)


def test_a_first_scan_analyses_at_once():
    executor = Fake(honest)
    ((result, progress),) = read(executor, [("a", STAT)], known())
    assert executor.calls == [(analyse_file.analyse, "a", True, False)]
    assert (result.measured, result.heard) == (MEASURED, HEARD)
    assert (progress.done, progress.total, progress.done_bytes, progress.path) == (1, 1, 7, "a")


def test_known_music_is_only_identified():
    executor = Fake(honest)
    read(executor, [("a", STAT)], known(measured="a", detected="a"))
    assert executor.calls == [(analyse_file.identify, "a")]


def test_unknown_music_among_known_is_identified_and_analysed():
    executor = Fake(honest)
    read(executor, [("b", STAT)], known(measured="a", detected="a"), vocals=False)
    assert executor.calls == [
        (analyse_file.identify, "b"),
        (analyse_file.analyse, "b", False, False),
    ]


@pytest.mark.parametrize(
    ("detected", "embedded", "asked"),
    [("a", "a", (False, False)), ("a", "", (False, True)), ("", "a", (True, False))],
)
def test_music_that_is_measured_again_keeps_what_networks_made(detected, embedded, asked):
    """As after another version of the measurements, for files that moved or changed as well."""
    of = known({"a": (STAT, "a", False)}, "", detected, embedded)
    executor = Fake(honest)
    read(executor, [("a", STAT), ("a2", STAT), ("b", STAT)], of, embedding=True)
    assert executor.calls == [
        (analyse_file.analyse, "a", *asked),
        (analyse_file.identify, "a2"),
        (analyse_file.identify, "b"),
        (analyse_file.analyse, "a2", *asked),
        (analyse_file.analyse, "b", True, True),
    ]


def test_music_that_lacks_only_its_voices_is_decoded_for_them():
    executor = Fake(honest)
    read(executor, [("a", STAT)], known({"a": (STAT, "a", False)}, measured="a"))
    assert executor.calls == [(analyse_file.run_networks, "a", True, False)]


def test_a_changed_file_of_known_music_is_identified_before():
    executor = Fake(honest)
    read(executor, [("a", STAT)], known({"a": (Stat(1, 1), "a", False)}, measured="a"))
    assert executor.calls == [
        (analyse_file.identify, "a"),
        (analyse_file.run_networks, "a", True, False),
    ]


@pytest.mark.parametrize(
    ("detected", "embedded", "asked", "done"),
    [
        ("a", "", (True, True), (False, True)),
        ("", "a", (True, True), (True, False)),
        ("", "", (True, True), (True, True)),
        ("", "", (False, True), (False, True)),
        ("", "", (True, False), (True, False)),
    ],
)
def test_one_decoding_serves_what_is_missing_of_voices_and_embedding(
    detected, embedded, asked, done
):
    executor = Fake(honest)
    of = known({"a": (STAT, "a", False)}, "a", detected, embedded)
    vocals, embedding = asked
    ((result, _),) = read(executor, [("a", STAT)], of, vocals=vocals, embedding=embedding)
    assert executor.calls == [(analyse_file.run_networks, "a", *done)]
    assert (result.heard is HEARD, result.embedding is EMBEDDING) == done


def test_unknown_music_is_embedded_with_the_first_decoding():
    executor = Fake(honest)
    ((result, _),) = read(executor, [("a", STAT)], known(), embedding=True)
    assert executor.calls == [(analyse_file.analyse, "a", True, True)]
    assert result.embedding is EMBEDDING


def test_music_is_complete_when_all_that_is_asked_for_is_known():
    of = known(measured="abcd", detected="ab", embedded="ac")
    assert of.complete(vocals=False, embedding=False) == set("abcd")
    assert of.complete(vocals=True, embedding=False) == set("ab")
    assert of.complete(vocals=False, embedding=True) == set("ac")
    assert of.complete(vocals=True, embedding=True) == set("a")


def test_the_largest_files_come_first_and_few_at_a_time():
    waiting = []

    class Slow(Fake):
        def submit(self, function, path, *arguments):
            waiting.append(path)
            return super().submit(function, path, *arguments)

    sizes = {"a": 1, "b": 3, "c": 2, "d": 3}
    stats = [(path, Stat(size, 0)) for path, size in sizes.items()]

    def answer(function, path, *_):
        found = honest(function, path, True)  # noqa: FBT003 - as above
        return FileResult(Stat(sizes[path], 0), found.found, found.measured, found.heard)

    results = read_files(Slow(answer), stats, known(), vocals=True, embedding=False, max_pending=2)
    next(results)
    assert waiting == ["b", "d"]
    done = [progress.done_bytes for _, progress in results]
    assert waiting == ["b", "d", "c", "a"]
    assert done == [6, 8, 9]


@pytest.mark.parametrize(
    ("error", "stat", "reason"),
    [
        (WorkerDied("crashed"), STAT, "the decoder crashed"),
        (WorkerLost("stopped answering"), UNREADABLE_STAT, "the decoder stopped answering"),
        (KeyError("x"), UNREADABLE_STAT, "could not be read: KeyError: 'x'"),
    ],
)
def test_a_call_that_fails_skips_its_file(error, stat, reason):
    """Only a file at fault for it is kept as skipped under its stat."""

    def fail(*_):
        raise error

    ((result, _),) = read(Fake(fail), [("a", STAT)], known())
    assert result == FileResult(stat, Skipped("a", reason))


def test_an_executor_that_broke_ends_the_work():
    def fail(*_):
        raise BrokenExecutor

    with pytest.raises(BrokenExecutor):
        read(Fake(fail), [("a", STAT)], known())


def test_an_executor_that_takes_no_call_is_broken():
    class Closed(Executor):
        def submit(self, *_):
            raise RuntimeError("cannot schedule new futures after shutdown")

    with pytest.raises(BrokenExecutor, match="after shutdown"):
        read(Closed(), [("a", STAT)], known())


@pytest.mark.parametrize(
    "answer",
    [
        lambda *_: None,
        lambda function, _, *rest: honest(function, "other", *rest),
        lambda _, path, *__: FileResult(STAT, File(path, STAT, "a", Tags())),  # nothing measured
    ],
)
def test_an_answer_to_another_question_is_not_believed(answer):
    ((result, _),) = read(Fake(answer), [("a", STAT)], known())
    assert result.stat == UNREADABLE_STAT
    assert result.found.reason.startswith("could not be read: ")


def test_what_another_machine_read_is_of_the_file_here():
    """Times may differ between machines; sizes may not."""

    def elsewhere(function, path, *_):
        result = honest(function, path, True)  # noqa: FBT003 - as above
        return FileResult(Stat(7, 99), result.found, result.measured, result.heard)

    ((result, _),) = read(Fake(elsewhere), [("a", Stat(7, 5))], known())
    assert result.stat == result.found.stat == Stat(7, 5)
    ((result, _),) = read(Fake(elsewhere), [("a", Stat(8, 5))], known())
    assert result.stat == UNREADABLE_STAT
    assert "not the same file" in result.found.reason


def test_what_is_left_open_is_cancelled():
    class Silent(Executor):
        futures = ()

        def submit(self, *_):
            self.futures = (*self.futures, Future())
            if len(self.futures) == 1:
                self.futures[0].set_result(honest(analyse_file.analyse, "a"))
            return self.futures[-1]

    executor = Silent()
    stats = [("a", STAT), ("b", STAT)]
    results = read_files(executor, stats, known(), vocals=False, embedding=False, max_pending=4)
    next(results)
    results.close()
    assert executor.futures[1].cancelled()


FIRST, MENDED = Header(44_100, 2, 80.0), Header(88_200, 2, 40.0)
OTHER = MENDED.identity_of("a")


@pytest.mark.parametrize(
    ("header", "measured", "identity", "calls"),
    [
        (FIRST, "a", "a", 1),
        (MENDED, "a", OTHER, 2),
        (MENDED, ("a", OTHER), OTHER, 1),
        (MENDED, (OTHER,), OTHER, 1),  # also where the first file has been forgotten
        (FIRST, ("a", OTHER), "a", 1),
    ],
)
def test_the_hash_of_packets_is_trusted_under_the_same_header_alone(
    header, measured, identity, calls
):
    """A file whose rate was mended is other music, measured anew."""

    def read_as(function, *arguments):
        return replace(honest(function, *arguments), header=header)

    executor = Fake(read_as)
    of = known({"a": (Stat(1, 1), "a", False)}, measured)
    of.headers.update({"a": FIRST} if "a" in measured else {})
    ((result, _),) = read(executor, [("a", STAT)], of, vocals=False)
    assert result.found.identity == identity
    assert [call[0] for call in executor.calls] == [
        analyse_file.identify,
        analyse_file.analyse,
    ][:calls]


def test_two_headers_of_a_first_scan_are_told_apart():
    headers = {"a1": FIRST, "a2": MENDED}
    executor = Fake(
        lambda function, path, *rest: replace(honest(function, path, *rest), header=headers[path])
    )
    of = known()
    found = {}
    results = read_files(
        executor, [("a1", STAT), ("a2", STAT)], of, vocals=False, embedding=False, max_pending=2
    )
    for result, _ in results:
        found[result.found.path] = result.found.identity
        of.measured.add(result.found.identity)  # as the scan that stores it does
        of.headers[result.found.identity] = result.header
    assert found == {"a1": "a", "a2": OTHER}


def test_the_time_left_is_that_of_all_calls_for_the_music_left():
    def slow(function, path, *arguments):
        return replace(honest(function, path, *arguments), cpu_s=3.0, music_s=60.0)

    results = read(Fake(slow), [(f"{name}.ogg", STAT) for name in "abc"], known())
    assert [progress.left_s for _, progress in results] == pytest.approx([6.0, 3.0, 0.0])
