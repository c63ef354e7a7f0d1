"""Scored models of the medical question answering study, made by hand: files as the score stage leaves them."""

import math
from dataclasses import replace

import numpy as np

from medtune.files import write_json, write_jsonl
from medtune.metrics.counts import f1_of_counts
from medtune.metrics.intervals import amount
from medtune.metrics.proportions import proportion
from medtune.metrics.text.bleu import bleu
from medtune.metrics.text.metric_scores import MetricScores, mean_of, share_of
from medtune.reporting.tables import write_csv
from medtune.studies.meerkat.runs import RunFiles

SIZES = {"cardiology": (8, 10), "neurology": (10, 10), "dermatology": (9, 10)}
"""Items of the evaluation split and of the holdout."""
REFERENCE = "take the red pill every morning for two weeks"


def examples(sizes=SIZES):
    return {
        split: [
            {
                "id": f"{specialty}/{split}{number}",
                "specialty": specialty,
                "question": f"What about {specialty}, case {number}?",
                "answer": REFERENCE,
                "extra": "{}",
            }
            for specialty, counts in sizes.items()
            for number in range(counts[place])
        ]
        for place, split in enumerate(("evaluation", "holdout"))
    }


def item_score(level, number):
    """Scores of one specialty lie around its level, the same items above it in every model, but not by the same."""
    return min(1.0, max(0.0, level + 0.15 * math.sin(2.4 * number) + 0.01 * math.sin(100 * level * number)))


def metric_scores(levels, rows):
    """A mean, a share, counts of two kinds and a length of the user's own. levels: by specialty."""
    scores = [item_score(levels[row["specialty"]], number) for number, row in enumerate(rows)]
    words = [REFERENCE.split()[: round(9 * score)] for score in scores]
    terms = np.array(
        [[round(2 * score), 1, 1] if number % 3 else [0, 0, 0] for number, score in enumerate(scores)]
    ).reshape(-1, 3)
    named = np.where(terms.any(axis=1), f1_of_counts(terms.astype(float)), np.nan)
    return {
        "BLEU-1": bleu([" ".join(some) for some in words], [REFERENCE] * len(rows))["BLEU-1"],
        "ROUGE-L": mean_of(scores, "mean ROUGE-L"),
        "METEOR (no synonyms)": mean_of([0.9 * score for score in scores], "mean METEOR"),
        "exact_match": share_of([float(score > 0.7) for score in scores], "share of equal answers"),
        "medical_term_f1": MetricScores(named, terms.astype(float), f1_of_counts, "micro F1 of terms"),
        "answer_length": mean_of([60 * score for score in scores], "mean of my_metrics.length", unbounded=True),
    }


def stats(iteration, sizes):
    """dataset_stats.json. sizes: by specialty (evaluation items, training, pool)."""
    specialties = {
        name: {
            "holdout": 10,
            "train": train,
            "eval": held,
            "pool": pool,
            "train_percentage": round((held + train) / (held + train + pool), 4),
            "reason": "first share",
        }
        for name, (held, train, pool) in sizes.items()
    }
    total = {part: sum(found[part] for found in specialties.values()) for part in ("holdout", "train", "eval", "pool")}
    return {
        "iteration": iteration,
        "holdout_samples_per_specialty": 10,
        "initial_train_percentage": 0.5,
        "eval_split_size": 0.2,
        "total": total,
        "specialties": specialties,
        "left_out": [],
    }


def write_model(folder, iteration, levels, training=None, copied=False, seed=0, sizes=SIZES):
    """Files of one model. levels: of its scores, by specialty. training: by specialty (training, pool); None for the
    base model."""
    data = examples(sizes)
    content = {"seed": seed, "metrics": [], "definitions": {}, "splits": {}}
    items, counts, predictions = [], {}, []
    for split, rows in data.items():
        scores = metric_scores(levels, rows)
        content["metrics"] = list(scores)
        content["definitions"] = {name: metric.definition for name, metric in scores.items()}
        members = {name: [n for n, row in enumerate(rows) if row["specialty"] == name] for name in sizes}
        content["splits"][split] = {
            "n": len(rows),
            "overall": figures(scores, None),
            "specialties": {
                name: {"n": len(own), "metrics": figures(scores, own)} for name, own in members.items() if own
            },
            "answer_rate": proportion(len(rows), len(rows)).as_dict(),
            "cut_rate": proportion(0, len(rows)).as_dict(),
            "mean_answer_tokens": amount([9.0] * len(rows)).as_dict(),
        }
        counts[split] = {name: metric.counts.tolist() for name, metric in scores.items()}
        for number, row in enumerate(rows):
            values = {name: metric.items[number] for name, metric in scores.items()}
            items.append(
                {
                    "id": row["id"],
                    "split": split,
                    "specialty": row["specialty"],
                    "status": "ok",
                    "finish": "eos",
                    "output_tokens": 9,
                    **{name: None if np.isnan(value) else float(value) for name, value in values.items()},
                }
            )
            raw = f" Model {iteration}, case {number}:\n take <it>, daily"
            predictions.append({"id": row["id"], "split": split, "raw": raw, "value": raw.strip(), "status": "ok"})
    write_json(folder / "metrics.json", content)
    write_csv(folder / "items.csv", items, list(items[0]))
    write_json(folder / "counts.json", counts)
    write_jsonl(folder / "predictions.jsonl", predictions)
    names = ("metrics.json", "items.csv", "counts.json", "predictions.jsonl")
    files = RunFiles(iteration, *(folder / name for name in names))
    if training is None:
        return files
    sizes_now = {name: (sizes[name][0], *found) for name, found in training.items()}
    write_json(folder / "dataset_stats.json", stats(iteration, sizes_now))
    write_json(folder / "training.json", record(iteration, copied))
    return replace(files, record=folder / "training.json", stats=folder / "dataset_stats.json")


def figures(scores, own):
    return {name: metric.estimate(own).as_dict() for name, metric in scores.items()}


def record(iteration, copied):
    """training.json."""
    return {
        "base_model": {"name": "tiny"},
        "steps": 30,
        "rows": 48,
        "effective_batch": 16,
        "per_device_batch": 8,
        "accumulation": 2,
        "processes": 1,
        "seed": 42,
        "settings": {"epochs": 3.0, "learning_rate": 0.0002, "lora": {"rank": 8, "alpha": 16}},
        "versions": {"torch": "2"},
        "history": [],
        **({"copied_from": f"iteration{iteration - 1}/training.json"} if copied else {}),
    }


def write_examples(folder):
    paths = {}
    for split, rows in examples().items():
        paths[split] = folder / f"{split}.jsonl"
        write_jsonl(paths[split], rows)
    return paths


def write_study(folder, copied=False):
    """Base model and three iterations; neurology is low, and gets more data. copied: the third is the second again."""
    base = dict.fromkeys(SIZES, 0.2)
    levels = [
        {"cardiology": 0.6, "neurology": 0.3, "dermatology": 0.62},
        {"cardiology": 0.6, "neurology": 0.4, "dermatology": 0.65},
        {"cardiology": 0.62, "neurology": 0.46, "dermatology": 0.7},
    ]
    training = [
        {"cardiology": (32, 40), "neurology": (20, 60), "dermatology": (36, 45)},
        {"cardiology": (32, 40), "neurology": (40, 40), "dermatology": (54, 27)},
        {"cardiology": (32, 40), "neurology": (60, 20), "dermatology": (72, 9)},
    ]
    if copied:
        levels[2], training[2] = levels[1], training[1]
    return write_model(folder / "base", 0, base), [
        write_model(folder / f"iteration{k + 1}", k + 1, levels[k], training[k], copied=copied and k == 2)
        for k in range(3)
    ]
