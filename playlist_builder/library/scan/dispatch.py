"""Every path that has to be opened to what came of it, by calls to an executor.

The cheapest call comes first: a file is read without decoding where its music may be known. An
executor may run on other machines, so that a result is kept only if it is of the file seen here.

The hash of the packets is trusted where the header makes the same of them as that of the music
which is known. The same packets at another rate are other music, under an identity of their own.
"""

from collections import defaultdict
from collections.abc import Generator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass, field, replace
from itertools import islice
from queue import SimpleQueue
from typing import Any

from playlist_builder.audio.header import Header
from playlist_builder.errors import PlaylistBuilderError, describe_exception
from playlist_builder.language.translation import Phrase
from playlist_builder.library.scan.file_state import UNREADABLE_STAT, FileResult
from playlist_builder.library.scan.processes import WorkerDied, WorkerLost, Workers
from playlist_builder.library.scan.time_left import TimeLeft
from playlist_builder.models import File, FileProgress, Skipped, Stat

Call = tuple[Any, ...]  # a function of `analyse_file` and its arguments


@dataclass(frozen=True, slots=True)
class Known:
    """What the library file held when a scan began; the sets grow with what is decoded."""

    files: dict[str, tuple[tuple[int, int], str, bool]]  # path to stat, identity, whether missing
    skipped: dict[str, tuple[Stat, str]]  # path to stat, reason
    measured: set[str]  # identities
    detected: set[str]  # identities that were analysed for voices
    embedded: set[str]  # identities whose embedding is known
    headers: dict[str, Header] = field(default_factory=dict)  # of what is measured, by identity

    def complete(self, *, vocals: bool, embedding: bool) -> set[str]:
        """Return the identities of which everything that is asked for is known."""
        found = self.measured & self.detected if vocals else self.measured
        return found & self.embedded if embedding else found


def read_files(  # noqa: PLR0913 - what is asked for, and by whom
    executor: Executor,
    changed: Sequence[tuple[str, Stat]],
    known: Known,
    *,
    vocals: bool,
    embedding: bool,
    max_pending: int,
    jobs: int = 1,
) -> Generator[tuple[FileResult, FileProgress], None, None]:
    """Yield the result of every path as it comes, and how far the work is.

    The largest files are submitted first, so that no core waits at the end, and at most
    `max_pending` calls at a time, of which `jobs` run.
    """
    stats = dict(changed)
    total_bytes = sum(stat.size for stat in stats.values())
    time_left = TimeLeft({path: stat.size for path, stat in changed})
    cost_s: defaultdict[str, float] = defaultdict(float)  # CPU seconds by path, of all its calls
    done = done_bytes = 0
    waiting = iter(sorted(changed, key=lambda item: (-item[1].size, item[0])))
    pending: dict[Future[FileResult], str] = {}
    asked: defaultdict[str, list[Call]] = defaultdict(list)  # of each path that is pending
    finished: SimpleQueue[Future[FileResult]] = SimpleQueue()

    def submit(path: str, call: Call) -> None:
        future = _submit(executor, call)
        pending[future] = path
        asked[path].append(call)
        future.add_done_callback(finished.put)

    try:
        while True:
            for path, _ in islice(waiting, max(0, max_pending - len(pending))):
                submit(
                    path, _first_call(path, stats[path], known, vocals=vocals, embedding=embedding)
                )
            if not pending:
                return
            future = finished.get()
            path = pending.pop(future)
            result = _result(future, path, stats[path])
            if not isinstance(executor, Workers):
                result = _of_file_here(result, stats[path])
            cost_s[path] += result.cpu_s
            result = _told_apart(result, known)
            next_call = _next_call(result, known, vocals=vocals, embedding=embedding)
            if next_call in asked[path]:  # what did not come of it once will not come of it again
                result = _unreadable(path, Phrase("nothing came of it"))
            elif next_call is not None:
                submit(path, next_call)
                continue
            del asked[path]
            done += 1
            done_bytes += stats[path].size
            time_left.end(path, stats[path].size, cost_s[path], result.music_s)
            left_s = time_left.seconds(jobs)
            yield result, FileProgress(done, len(changed), done_bytes, total_bytes, path, left_s)
    finally:
        for future in pending:  # an executor that is not ours goes on to other work
            future.cancel()


def _submit(executor: Executor, call: Call) -> Future[FileResult]:
    try:
        future: Future[FileResult] = executor.submit(*call)
    except PlaylistBuilderError:
        raise
    except Exception as error:  # such as that it was shut down
        raise BrokenExecutor(str(error)) from error
    return future


def _first_call(path: str, stat: Stat, known: Known, *, vocals: bool, embedding: bool) -> Call:
    from playlist_builder.library.scan import analyse_file  # noqa: PLC0415 - the decoder, which not every scan needs

    if not (known.measured or known.detected or known.embedded):
        return analyse_file.analyse, path, vocals, embedding
    before, identity, _ = known.files.get(path, (None, "", False))
    if before == stat:
        call = _decoding_call(path, identity, known, vocals=vocals, embedding=embedding)
        if call is not None:
            return call
    return analyse_file.identify, path


def _next_call(result: FileResult, known: Known, *, vocals: bool, embedding: bool) -> Call | None:
    found = result.found
    if isinstance(found, Skipped):
        return None
    return _decoding_call(
        found.path,
        found.identity,
        known,
        measured=result.measured is not None,
        vocals=vocals and result.heard is None,
        embedding=embedding and result.embedding is None,
    )


def _decoding_call(  # noqa: PLR0913 - what is still wanted
    path: str,
    identity: str,
    known: Known,
    *,
    measured: bool = False,
    vocals: bool,
    embedding: bool,
) -> Call | None:
    """Return the call that decodes music for what is still missing of it, if anything is.

    A second file of the same music that is met meanwhile is decoded as well: the first may fail.
    """
    from playlist_builder.library.scan import analyse_file  # noqa: PLC0415 - the decoder, which not every scan needs

    vocals = vocals and identity not in known.detected
    embedding = embedding and identity not in known.embedded
    if not measured and identity not in known.measured:
        return analyse_file.analyse, path, vocals, embedding
    return (analyse_file.run_networks, path, vocals, embedding) if vocals or embedding else None


def _result(future: Future[FileResult], path: str, before: Stat) -> FileResult:
    try:
        result = future.result()
    except WorkerLost as loss:
        return FileResult(UNREADABLE_STAT, Skipped(path, _of_decoder(loss)))
    except WorkerDied as death:
        return FileResult(before, Skipped(path, _of_decoder(death)))
    except (BrokenExecutor, CancelledError, PlaylistBuilderError):
        raise
    except Exception as error:  # noqa: BLE001 - one file must not cost all others
        return _unreadable(path, describe_exception(error))
    if not isinstance(result, FileResult) or result.found.path != path:
        return _unreadable(path, Phrase("something else came of it"))
    return result


def _of_file_here(result: FileResult, here: Stat) -> FileResult:
    """Return what another machine found only if it is of the file that is here.

    Machines may disagree about times, in the last digits or wholly, and about what lies at a path.
    """
    if result.stat == UNREADABLE_STAT:
        return result
    if result.stat.size != here.size:
        reason = Phrase(
            "it has just changed, or is not the same file where it was decoded; scan again"
        )
        return FileResult(UNREADABLE_STAT, Skipped(result.found.path, reason))
    found = result.found
    if isinstance(found, File):
        found = replace(found, stat=here)
    return replace(result, stat=here, found=found)


def _told_apart(result: FileResult, known: Known) -> FileResult:
    """Return a result under another identity where its packets are known to be other music."""
    found, header = result.found, result.header
    if isinstance(found, Skipped) or header is None:
        return result
    of_hash = known.headers.get(found.identity)
    own = header.identity_of(found.identity)
    if own not in known.measured and (of_hash is None or header.plays_as(of_hash)):
        return result
    return replace(result, found=replace(found, identity=own))


def _of_decoder(end: WorkerDied) -> Phrase:
    return Phrase("the decoder {how}", how=end.text)


def _unreadable(path: str, reason: str) -> FileResult:
    return FileResult(
        UNREADABLE_STAT, Skipped(path, Phrase("could not be read: {reason}", reason=reason))
    )
