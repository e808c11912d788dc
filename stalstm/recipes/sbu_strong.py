"""SBU Kinect Interaction: the same network, better treated, for accuracy.

    python train.py --dataset=sbu --fold=all --recipe=sbu_strong --raw_dir=...

About a minute and a half a fold on one core. What each field does for small
sets is in docs/own_data.md; docs/comparison.md has the results and says how the
recipe was chosen.
"""

from stalstm.recipes import custom

RECIPE = custom.BASE.replace(
    body_order="left_first",
    heading="bodies",
    relative_to="origin",
    mirror=True,
    distances=0.3,
    # Fewer channels and units than for own recordings, for a model of less
    # than two megabytes; no worse on validation folds.
    distances_to="ends",
    units=64,
    batch_size=16,
    iterations=1500,
)
