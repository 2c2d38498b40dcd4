# ruff: noqa: RUF001 - names in the letters of their languages
"""Artists as rules and comparisons take them: names in comparable form, without placeholders.

Collections and files without tags name "Various Artists" or "[unknown]" in the language of whoever
wrote them. Such a name stands for nobody: it binds no rule, and says of no two tracks that they are
by the same artist.
"""

from functools import cache, lru_cache

from playlist_builder.language.text import comparable
from playlist_builder.models import Track
from playlist_builder.tracks.track_table import TrackTable

# A name all of whose words are among these is nobody's: many, unknown, and what they are.
_WORDS = """
    various diverse multiple assorted several unknown unnamed untitled
    anonymous compilation compilations omnibus
    artist artists performer performers interpreter interpreters musician musicians composer
    composers author authors
    verschiedene verschiedener unbekannt unbekannte unbekannter mehrere
    künstler künstlerin kuenstler interpret interpreten interpretin musiker komponist komponisten
    divers diverses variés varié plusieurs différents inconnu inconnue inconnus anonyme
    artiste artistes interprète interprètes musicien musiciens compositeur compositeurs auteurs
    varios variados diversos desconocido desconocida desconocidos anónimo recopilatorio
    artista artistas intérprete intérpretes músico músicos compositor compositores autores
    vários variados desconhecido desconhecida anônimo anónimos coletânea
    vari varie diversi sconosciuto sconosciuta sconosciuti ignoto anonimo autori artisti interprete
    interpreti compositore compilazione
    verschillende diversen onbekend onbekende artiest artiesten uitvoerder uitvoerders uitvoerenden
    blandade okänd okänt diverse artister ukjent ukjente ukendt ukendte forskellige kunstner
    kunstnere utøvere
    useita tuntematon esittäjä esittäjiä esittäjät artisti artisteja artistit kokoelma
    różni rozni nieznany nieznani wykonawca wykonawcy artysta artyści składanka
    různí ruzni rôzni neznámý neznámy neznamy umělec umělci umelec umelci interpreta výběr
    különböző vegyes ismeretlen előadó előadók válogatás
    diverși diverşi necunoscut artist artiști artişti
    разные различные разный неизвестный неизвестен неизвестные исполнитель исполнители артист
    артисты сборник різні невідомий виконавець виконавці збірка различни неизвестен изпълнител
    изпълнители разни непознат непознати извођач извођачи
    razni različni nepoznat nepoznati neznan neznani izvođač izvođači izvajalec izvajalci
    διάφοροι διαφοροι άγνωστος αγνωστος άγνωστοι καλλιτέχνης καλλιτέχνες καλλιτεχνης καλλιτεχνες
    çeşitli bilinmeyen sanatçı sanatçılar karışık
    ヴァリアス バリアス ヴェリアス オムニバス 不明 不明な さまざまな 様々な アーティスト
    アーティスツ アーチスト 演奏者
    여러 다양한 여러가지 미상 옴니버스 아티스트 아티스트들 음악가 가수
    فنانون فنان متنوعون منوعون منوعات مختلفون مجهول
    אמנים אמן שונים
    berbagai beragam artis
"""

# Names that stand for nobody as a whole; their words alone may be somebody's.
_NAMES = """
    va, v a, aavv, aa vv, a a v v, n a, none, null, no artist, no name, not known,
    not available, no artist name, sin artista, sin nombre, sem artista, sans artiste,
    aucun artiste, pas d artiste, pas dartiste, kein künstler, kein interpret, ohne interpret,
    nessun artista, senza artista, geen artiest, ingen artist, ingen kunstner, olika artister,
    ei esittäjää,
    eri esittäjiä, eri artisteja, eri esittäjät, eri artistit,
    brak wykonawcy, žádný umělec, bez umělce, nincs előadó, fără artist, нет исполнителя,
    без исполнителя, немає виконавця, sanatçı yok, traditional, trad,
    アーティストなし, アーティスト不明, 不明なアーティスト, 不明アーティスト, 演奏者不明,
    作者不詳, 演奏者不詳, なし, 名無し, 複数のアーティスト, 色々なアーティスト,
    さまざまなアーティスト, 様々なアーティスト, いろいろなアーティスト,
    群星, 合辑, 合輯, 合集, 杂锦, 雜錦, 佚名, 未知, 无, 無, 未知艺术家, 未知藝術家, 未知艺人,
    未知藝人, 未知歌手, 各种艺术家, 各種藝術家, 多位艺术家, 多位藝術家, 众艺人, 眾藝人,
    多位艺人, 多位藝人, 各类艺人, 不同艺术家, 不同藝術家, 无艺术家, 無藝術家,
    알수없음, 알 수 없음, 알 수 없는 아티스트, 아티스트 없음, 여러가수, 다양한아티스트,
    فنان غير معروف, غير معروف, לא ידוע, אמן לא ידוע, ללא אמן,
    ศิลปินต่างๆ, ศิลปินหลากหลาย, ศิลปินหลายคน, ศิลปินรวม, รวมศิลปิน, ไม่ทราบศิลปิน,
    ศิลปินที่ไม่รู้จัก, ไม่รู้จัก, विभिन्न कलाकार, अज्ञात कलाकार, अज्ञात,
    nhiều nghệ sĩ, khuyết danh, nghệ sĩ không xác định,
    không rõ, artis tidak dikenal, tidak dikenal, pelbagai artis
"""


def artists(track: Track) -> frozenset[str]:
    """Return the artists that bind the artist rule, in comparable form."""
    return _known(track.tags.artists)


def artists_of_each(table: TrackTable) -> list[frozenset[str]]:
    """Return the artists of each track, without making any track."""
    return [_known(names) for (names,) in table.tags("artists")]


@lru_cache(maxsize=100_000)  # one name stands on many tracks, and each is asked for repeatedly
def _known(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(comparable(name) for name in names if not is_nobody(name))


def is_nobody(name: str) -> bool:
    """Whether a name stands for no artist in particular, whatever its language."""
    words, names = _placeholders()
    plain = comparable(name)
    return plain.strip("?-_. ") in names or words.issuperset(plain.split())


@cache
def _placeholders() -> tuple[frozenset[str], frozenset[str]]:
    names = (comparable(name) for name in _NAMES.split(","))
    return frozenset(map(comparable, _WORDS.split())), frozenset(["", *names])
