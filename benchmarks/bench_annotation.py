"""How fast reports are annotated: against one `model.generate` call per sentence, and by their number and adapters.

    PYTHONPATH=workflow/scripts:. OMP_NUM_THREADS=2 python benchmarks/bench_annotation.py ADAPTER ...

ADAPTER: folders of trained adapters of the RadGraph study on one base model, each in a folder named after its entity
type, such as results/tiny/radgraph/OBS-DA/NER_qwen2.5_adapter. The reports are made by rules, as a part of their own
that no study has. Prints two Markdown tables; seconds are medians over rounds in which the ways, sizes and numbers
of adapters take turns, so that another load of the machine falls on all of them.

1. Sentences per second of one `model.generate` call per sentence, with the whole prompt and without a cache from call
   to call, and of the batched engine with the cached instruction, as `annotate` calls it. `annotate` answers a sentence
   that repeats once in a chunk; here all sentences differ, so that this adds nothing to the ratio.
2. Seconds of the whole `annotate`, without loading the models, by number of reports and of adapters.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.bench_generation import one_by_one
from medtune.config import Generation
from medtune.data.report_sources import Source
from medtune.errors import InputError
from medtune.files import read_json, write_jsonl
from medtune.inference.generation import generate
from medtune.models.loading import load_with_adapters
from medtune.models.model_record import read_record
from medtune.reporting.tables import markdown_table
from medtune.studies.radgraph.annotate import Answerer, Job, adapter_answers, annotate
from medtune.studies.radgraph.annotation_files import Outputs
from medtune.studies.radgraph.generator import make_corpus
from medtune.studies.radgraph.reports import LABELS, Report, cut
from medtune.studies.radgraph.segments import tokenise
from medtune.studies.radgraph.template import RadGraphTask
from medtune.training.training_record import hardware
from medtune.versions import library_versions

PART, SEED = "benchmark", 7
VERSIONS = ("torch", "transformers", "peft")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("adapters", nargs="+", type=Path, metavar="ADAPTER")
    parser.add_argument("--base", type=Path, help="folder of the base model, where it is not where it was in training")
    parser.add_argument("--prompts", type=Path, default=Path("config/prompts/radgraph"))
    parser.add_argument("--sentences", type=int, default=100, help="different sentences to compare speeds on")
    parser.add_argument("--reports", type=int, nargs="+", default=[50, 100, 200, 400], help="with one adapter")
    parser.add_argument("--reports-by-adapters", type=int, default=100, help="with 1, 2, … adapters")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--max-new-tokens", type=int, default=160)
    parser.add_argument("--batch-tokens", type=int, default=Generation().batch_tokens)
    arguments = parser.parse_args()
    adapters = {entity_of(folder): folder for folder in arguments.adapters}
    base = arguments.base or Path(read_json(arguments.adapters[0] / "template.json")["base_path"])
    settings = Generation(max_new_tokens=arguments.max_new_tokens, batch_tokens=arguments.batch_tokens)
    prompts = {entity: arguments.prompts / entity / "prompt.txt" for entity in adapters}
    largest = max(*arguments.reports, arguments.reports_by_adapters)
    texts = {name: report["text"] for name, report in make_corpus({PART: largest}, SEED)[PART].items()}

    print(describe(hardware(), library_versions(), read_record(base), arguments.rounds))
    sentences = different_sentences(texts, arguments.sentences)
    tasks = {entity: RadGraphTask(entity, prompt) for entity, prompt in prompts.items()}
    speed = measure_speed(base, adapters, tasks, sentences, settings, arguments.rounds)
    print("\n" + speed_table(speed), flush=True)
    job = Job(
        reports=Source("jsonl", "unset"),
        base=base,
        adapters=adapters,
        prompts=prompts,
        settings=settings,
        seed=0,
    )
    cases = growth_cases(list(adapters), arguments.reports, arguments.reports_by_adapters)
    print("\n" + growth_table(measure_growth(job, texts, cases, arguments.rounds)), flush=True)


def entity_of(adapter: Path) -> str:
    """The entity type of an adapter: the name of the folder that it is in."""
    entity = adapter.absolute().parent.name
    if entity not in LABELS:
        raise InputError(f'{adapter}: is in a folder "{entity}"; expected one of {", ".join(LABELS)}')
    return entity


def different_sentences(texts: Mapping[str, str], number: int) -> list[str]:
    """The first sentences of the reports that differ. Raises InputError when there are fewer."""
    reports = (Report(name, text, tokenise(text)) for name, text in texts.items())
    found = dict.fromkeys(sentence.text for report in reports for sentence in cut(report).sentences)
    if len(found) < number:
        raise InputError(f"the reports have {len(found)} different sentences; ask for no more, or for more reports")
    return list(found)[:number]


def measure_speed(
    base: Path,
    adapters: Mapping[str, Path],
    tasks: Mapping[str, RadGraphTask],
    sentences: Sequence[str],
    settings: Generation,
    rounds: int,
) -> list[dict]:
    """For each adapter the seconds of both ways, one for each round, and their answers as tokens."""
    model, tokenizer = load_with_adapters(base, adapters)
    results = []
    for entity, task in tasks.items():
        model.set_adapter(entity, inference_mode=True)
        prompts = [task.render_prompt({"input": sentence}, tokenizer) for sentence in sentences]

        def batched(prompts: list[list[int]] = prompts) -> list[list[int]]:
            return [answer.tokens for answer in generate(model, tokenizer, prompts, settings, seed=0)]

        def single(prompts: list[list[int]] = prompts) -> list[list[int]]:
            return one_by_one(model, tokenizer, prompts, settings)

        batched(prompts[:2])  # what happens once in a process is not measured
        result: dict[str, Any] = {"entity": entity, "single_seconds": [], "batched_seconds": []}
        for _ in range(rounds):
            for way, run in (("single", single), ("batched", batched)):
                seconds, result[way] = timed(run)
                result[f"{way}_seconds"].append(seconds)
        results.append(result)
    return results


def growth_cases(
    entities: Sequence[str], reports: Sequence[int], by_adapters: int
) -> list[tuple[int, tuple[str, ...]]]:
    """Each number of reports with the first adapter, then `by_adapters` reports with 1, 2, … of them; none twice."""
    cases = [(number, (entities[0],)) for number in reports]
    cases += [(by_adapters, tuple(entities[: count + 1])) for count in range(len(entities))]
    return list(dict.fromkeys(cases))


def measure_growth(
    job: Job, texts: Mapping[str, str], cases: Sequence[tuple[int, tuple[str, ...]]], rounds: int
) -> list[dict]:
    """Annotate the first reports with some of the job's adapters, all of which are loaded once.

    cases: number of reports, and entity types. Gives for each of them: adapters (entity types), reports, sentences (of
    the reports), answers (asked of the adapters), and the seconds of each round.
    """
    tasks = {entity: RadGraphTask(entity, job.prompts[entity]) for entity in job.adapters}
    answers = adapter_answers(job, tasks)
    results = [{"adapters": entities, "reports": number, "seconds": []} for number, entities in cases]
    for _ in range(rounds):
        for result, (number, entities) in zip(results, cases, strict=True):
            asked: list[int] = []
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch)
                source = write_reports(folder / "reports.jsonl", dict(islice(texts.items(), number)))
                outputs = Outputs(**{field.name: folder / field.name for field in fields(Outputs)})
                chosen = {entity: job.adapters[entity] for entity in entities}
                case = job.model_copy(update={"reports": source, "adapters": chosen})
                answerer = counted(answers, asked)
                run = partial(annotate, case, outputs, folder / "state", lambda *_, loaded=answerer: loaded)
                result["seconds"].append(timed(run)[0])
                result["sentences"] = read_json(outputs.record)["sentences"]
            result["answers"] = sum(asked)
    return results


def write_reports(path: Path, texts: Mapping[str, str]) -> Source:
    write_jsonl(path, ({"id": name, "text": text} for name, text in texts.items()))
    return Source("jsonl", str(path), id="id")


def counted(answers: Answerer, asked: list[int]) -> Answerer:
    """The answerer, which notes the number of sentences of each call."""

    def answer(entity: str, sentences: Sequence[str]) -> Any:
        asked.append(len(sentences))
        return answers(entity, sentences)

    return answer


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def speed_table(results: Sequence[Mapping[str, Any]]) -> str:
    """results: as `measure_speed` gives them."""
    rows = []
    for result in results:
        single, batched = result["single"], result["batched"]
        slow, fast = (len(single) / statistics.median(result[f"{way}_seconds"]) for way in ("single", "batched"))
        same = sum(a == b for a, b in zip(single, batched, strict=True))
        new_tokens = sum(map(len, batched))
        rows.append((result["entity"], len(single), new_tokens, slow, fast, fast / slow, f"{same}/{len(single)}"))
    headers = ("adapter", "sentences", "new tokens", "one by one, sentences/s", "batched, sentences/s", "ratio")
    return table(rows, (*headers, "identical answers"))


def growth_table(results: Sequence[Mapping[str, Any]]) -> str:
    """results: as `measure_growth` gives them."""
    rows = []
    for result in results:
        seconds = statistics.median(result["seconds"])
        each = (1000 * seconds / result[per] for per in ("reports", "answers"))
        counts = (result[key] for key in ("reports", "sentences", "answers"))
        rows.append((" + ".join(result["adapters"]), *counts, seconds, *each))
    headers = ("adapters", "reports", "sentences", "answers", "seconds", "ms per report", "ms per answer")
    return table(rows, headers)


def table(rows: Sequence[Sequence[Any]], headers: Sequence[str]) -> str:
    """A Markdown table with numbers of three digits."""
    short = [[float(f"{cell:.3g}") if isinstance(cell, float) else cell for cell in row] for row in rows]
    return markdown_table(short, headers)


def describe(machine: Mapping[str, Any], versions: Mapping[str, str], base: Mapping[str, Any], rounds: int) -> str:
    """What the figures depend on, in a line."""
    software = ", ".join(f"{name} {versions[name]}" for name in VERSIONS)
    return (
        f"Device {machine['device']}, {machine['machine']} with {machine['cpus']} cores, {machine['threads']} threads; "
        f"Python {machine['python']}, {software}; base model {base['name']} with {base['parameters']:,} parameters; "
        f"medians of {rounds} rounds."
    )


if __name__ == "__main__":
    main()
