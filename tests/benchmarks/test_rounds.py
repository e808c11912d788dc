from benchmarks import rounds


def test_the_spread_is_the_median_and_both_ends():
    measured = rounds.spread([3.0, 1.04, 2.0, 9.0, 2.5], 1)
    assert measured == {"median": 2.5, "least": 1.0, "most": 9.0}


def test_a_ratio_is_that_of_medians_and_its_range_that_of_the_rounds():
    # The median of the ratios would be 1.
    measured = rounds.ratio([1.0, 4.0, 9.0], [1.0, 8.0, 2.0], 2)
    assert measured == {"median": 2.0, "least": 0.5, "most": 4.5}
