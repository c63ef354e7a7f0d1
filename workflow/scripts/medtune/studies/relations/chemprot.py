"""ChemProt and DrugProt in TSV files: relations of chemicals and proteins (Krallinger et al. 2017, BioCreative VI track
5; Miranda et al. 2021, BioCreative VII track 1).

    …abstracts….tsv   11319232<TAB>title<TAB>abstract
    …entities….tsv    11319232<TAB>T1<TAB>CHEMICAL<TAB>242<TAB>251<TAB>acyl-CoAs
    …relations….tsv   10047461<TAB>CPR:3<TAB>Y <TAB>ACTIVATOR<TAB>Arg1:T13<TAB>Arg2:T57   ChemProt
                      17512723<TAB>ACTIVATOR<TAB>Arg1:T7<TAB>Arg2:T39                     DrugProt

The text is title, one character, abstract (a space here, a tab in the file), whose characters the offsets count. A
relation's type is its group (CPR:3), "Y" says that the track evaluates this group; the name beside it is finer than
what is scored. DrugProt has the type alone, all of which are evaluated; its files of abstracts are named "abstracs".
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from medtune.data.related import REPEATED, RelatedCorpus, RelatedDocument, RelatedEntity, Relation, unique
from medtune.errors import InputError
from medtune.files import files_in, read_text

NOT_EVALUATED = "relation of a group that the track does not evaluate"
_PLURALS = {"abstrac": "abstracts", "entities": "entities", "relations": "relations"}
"""What files are called, by what their names have to hold."""
_Row = tuple[str, list[str]]


def read_chemprot(folder: Path | str, evaluated_only: bool = True) -> RelatedCorpus:
    """The documents of one part of the corpus (training, development or test), in the order of its abstracts.

    folder: holds one file each with "abstrac", "entities" and "relations" in its name. evaluated_only: leave out, and
    count, relations of the groups that the track does not evaluate. Relations are directed, from Arg1 to Arg2.
    Raises InputError naming file and line: rows of another number of fields, a document that is not among the abstracts
    or occurs again, offsets outside the text, a text that differs from what stands there, arguments that are not there.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; expected one with the TSV files of ChemProt or DrugProt")
    texts: dict[str, str] = {}
    for where, (identifier, title, abstract) in _rows(root, "abstrac", 3):
        if identifier in texts:
            raise InputError(f'{where}: the document "{identifier}" occurs more than once; ids must be unique')
        texts[identifier] = f"{title} {abstract}"
    entities: dict[str, dict[str, RelatedEntity]] = {identifier: {} for identifier in texts}
    for where, (identifier, key, *fields) in _rows(root, "entities", 6):
        found = _of(entities, identifier, where)
        if key in found:
            raise InputError(f'{where}: the entity {key} of document "{identifier}" occurs more than once')
        found[key] = _entity(fields, texts[identifier], where)
    relations: dict[str, list[Relation]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    for where, (identifier, group, *evaluated, first, second) in _rows(root, "relations", 6, 4):
        arguments = [first, second]
        keys = list(_of(entities, identifier, where))
        names = [argument.partition(":")[2].strip() for argument in arguments]
        for name in names:
            if name not in keys:
                raise InputError(
                    f'{where}: the relation "{group}" names "{name}", which is no entity of document "{identifier}"'
                )
        if evaluated_only and evaluated and evaluated[0].strip() != "Y":
            left_out[NOT_EVALUATED] += 1
            continue
        relations[identifier].append(Relation(group, *(keys.index(name) for name in names)))
    documents = []
    for identifier, text in texts.items():
        kept, repeated = unique(relations[identifier])
        left_out.update({REPEATED: repeated} if repeated else {})
        documents.append(RelatedDocument(identifier, text, tuple(entities[identifier].values()), kept))
    return RelatedCorpus(tuple(documents), left_out=dict(left_out))


def tsv_files(folder: Path | str) -> list[Path]:
    """The TSV files right inside a folder; see `files_in`."""
    return list(files_in(folder, (".tsv",), below=False))


def _rows(root: Path, name: str, *fields: int) -> Iterator[_Row]:
    """Where each row of a file stands, and its fields; blank lines are passed over. fields: how many there can be, the
    same in all rows of a file."""
    paths = [path for path in tsv_files(root) if name in path.name.lower()]
    if len(paths) != 1:
        found = ", ".join(path.name for path in paths) or "none"
        raise InputError(f'{root}: expected one .tsv file with "{_PLURALS[name]}" in its name, found {found}')
    wanted = fields
    for number, line in enumerate(read_text(paths[0]).split("\n"), start=1):
        if not line.strip():
            continue
        row = line.split("\t")
        if len(row) not in wanted:
            expected = f"the {' or '.join(map(str, wanted))} of {_PLURALS[name]}"
            raise InputError(f"{paths[0]}, line {number}: {len(row)} fields parted by tabs; expected {expected}")
        wanted = (len(row),)
        yield f"{paths[0]}, line {number}", row


def _of(entities: dict[str, dict[str, RelatedEntity]], identifier: str, where: str) -> dict[str, RelatedEntity]:
    """The entities of a document, by their ids."""
    if identifier not in entities:
        raise InputError(f'{where}: the document "{identifier}" is not among the abstracts')
    return entities[identifier]


def _entity(fields: list[str], text: str, where: str) -> RelatedEntity:
    """The entity of a row. fields: type, start, end and text."""
    label, *offsets, surface = fields
    if not all(offset.isdecimal() for offset in offsets):
        raise InputError(f'{where}: the offsets are "{offsets[0]}" and "{offsets[1]}"; expected whole numbers')
    start, end = map(int, offsets)
    if not start < end <= len(text):
        raise InputError(
            f"{where}: the span {start} to {end} is empty or outside the text, which has {len(text)} characters"
        )
    if text[start:end] != surface:
        raise InputError(
            f'{where}: the entity is "{surface}", but at {start} to {end} the text has "{text[start:end]}"'
        )
    return RelatedEntity(start, end, label, surface)
