from stalstm.comparison import summary


def run(protocol, seed, accuracy, best=None, seconds=10):
    return {
        "protocol": protocol,
        "seed": seed,
        "accuracy": accuracy,
        "best_epoch": best,
        "parameters": 1234,
        "seconds": seconds,
    }


def result(*rows, validate=False):
    names = ("name", "runs", "published", "missing")
    return {
        "dataset": "sbu/2.0.0",
        "protocols": ["fold_1", "fold_2"],
        "validate": validate,
        "rows": [dict(zip(names, x, strict=True)) for x in rows],
    }


RUNS = [
    run("fold_1", 0, 0.90, best=0.92, seconds=10),
    run("fold_2", 0, 0.80, best=0.86, seconds=30),
    run("fold_1", 1, 0.94, best=0.94, seconds=20),
    run("fold_2", 1, 0.88, best=0.96, seconds=90),
]


def test_a_row_has_mean_and_deviation_over_seeds_of_the_mean_over_folds():
    published = {"sbu": 91.51, "ntu cross_view": 67.3}
    lines = summary.table(result(("LSTM", RUNS, published, "")))
    assert lines[0] == (
        "| method | accuracy after the last iteration (%) | fold 1 | 2 | "
        "published | best epoch on the test split (%) | parameters | seconds |"
    )
    # Seeds: 85 and 91.
    assert lines[2] == (
        "| LSTM | **88.0** ± 4.2 (2 seeds) | 92.0 | 84.0 | 91.51 | 92.0 | "
        "1,234 | 25 |"
    )


def test_a_seed_counts_once_all_its_folds_have_run():
    lines = summary.table(result(("LSTM", RUNS[:3], {}, "")))
    assert lines[2].startswith("| LSTM | **85.0** | 92.0 | 80.0 |")
    lines = summary.table(result(("LSTM", RUNS[:1], {}, "")))
    assert lines[2].startswith("| LSTM |  | 90.0 |  |  |  | 1,234 | 10 |")


def test_a_row_that_is_not_run_says_why():
    lines = summary.table(
        result(("LSTM", [], {}, ""), ("Ji", [], {"sbu": 86.9}, "not public"))
    )
    assert lines[2] == "| LSTM |  |  |  |  |  |  |  |"
    assert lines[3] == "| Ji | not public |  |  | 86.9 |  |  |  |"


def test_validation_is_called_so():
    (heading, *_) = summary.table(result(("LSTM", RUNS, {}, ""), validate=True))
    assert "validation accuracy" in heading
    assert "test" not in heading


def test_published_numbers_are_those_of_the_data_set_by_protocol():
    published = {"sbu": 91.51, "ntu cross_subject": 60.7, "ntu cross_view": 67}
    of_ntu = {**result(("LSTM", [], published, "")), "dataset": "ntu/ntu60"}
    *_, line = summary.table(of_ntu)
    assert "| cross_subject 60.7, cross_view 67 |" in line
