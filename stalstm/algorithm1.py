"""Algorithm 1 of the paper as a table: joint training with both attentions.

Song et al. (AAAI 2017), section 4.3. `stalstm.training` runs it.
"""

from collections.abc import Mapping

from stalstm.recipe import Recipe
from stalstm.stages import Stage

# The three networks, by the model's attributes.
MAIN = "main_lstm"
SPATIAL = "spatial_attention"
TEMPORAL = "temporal_attention"
FRESH = "fresh"


def stages(recipe: Recipe) -> tuple[Stage, ...]:
    """The stages that train the recipe's configuration of Figure 7.

    Raises:
        ValueError: The recipe's model is not the STA-LSTM.
    """
    if recipe.model != "sta_lstm":
        raise ValueError(
            "`stages=algorithm_1` trains the networks of `model=sta_lstm`; "
            "other models take `stages=joint`. "
            f"Received: model={recipe.model}"
        )
    training = recipe.training
    pretrain, n1, n2 = training.pretrain_iterations, training.n1, training.n2

    def stage(
        name: str,
        iterations: int,
        trains: tuple[str, ...],
        fixed: tuple[str, ...] = (),
        starts_from: Mapping[str, str] | None = None,
        one_layer: bool = False,
        grows: bool = False,
    ) -> Stage:
        """One step of the paper.

        Args:
            name: Name of the step in the paper.
            iterations: Number of iterations.
            trains: Networks that are trained.
            fixed: Networks whose weights stay as they are. An attention in
                neither is "fixed as ones".
            starts_from: For each network the step whose result it starts from;
                the others start from the Gaussian of step 1.
            one_layer: Whether the main network has one LSTM layer only.
            grows: Whether the main network has grown since that step.
        """
        present = trains + fixed
        sources = {k: v for k, v in (starts_from or {}).items() if v != FRESH}
        if grows and training.growing == FRESH:
            del sources[MAIN]
        layers = 1 if one_layer else recipe.arguments.main_layers
        # What scored one layer's output does not fit the third's.
        grown = [f"lstm_{n}" for n in range(2, layers + 1)] + ["score"]
        return Stage(
            name,
            iterations,
            fixed=fixed,
            starts_from=sources,
            starts_anew={MAIN: tuple(grown)} if grows else {},
            arguments={
                SPATIAL: SPATIAL in present,
                TEMPORAL: TEMPORAL in present,
                "main_layers": layers,
            },
        )

    pretrain_temporal_attention = (
        stage("step_2", pretrain, trains=(MAIN, TEMPORAL), one_layer=True),
        stage(
            "step_3",
            n1,
            trains=(MAIN,),
            fixed=(TEMPORAL,),
            starts_from={MAIN: "step_2", TEMPORAL: "step_2"},
            grows=True,
        ),
        stage(
            "step_4",
            n2,
            trains=(MAIN, TEMPORAL),
            starts_from={MAIN: "step_3", TEMPORAL: "step_3"},
        ),
    )
    pretrain_spatial_attention = (
        stage("step_5", pretrain, trains=(MAIN, SPATIAL), one_layer=True),
        stage(
            "step_6",
            n1,
            trains=(MAIN,),
            fixed=(SPATIAL,),
            starts_from={MAIN: "step_5", SPATIAL: "step_5"},
            grows=True,
        ),
        stage(
            "step_7",
            n2,
            trains=(MAIN, SPATIAL),
            starts_from={MAIN: "step_6", SPATIAL: "step_6"},
        ),
    )
    train_main_network = stage(
        "step_8",
        n1,
        trains=(MAIN,),
        fixed=(SPATIAL, TEMPORAL),
        starts_from={
            MAIN: training.main_from,
            SPATIAL: "step_7",
            TEMPORAL: "step_4",
        },
    )
    train_whole_network = stage(
        "step_9",
        n2,
        trains=(MAIN, SPATIAL, TEMPORAL),
        starts_from={MAIN: "step_8", SPATIAL: "step_8", TEMPORAL: "step_8"},
    )
    # The baseline of Figure 7 has no attention; it gets the iterations that
    # the networks with one attention get.
    train_without_attention = (
        stage("main_1", pretrain, trains=(MAIN,), one_layer=True),
        stage(
            "main_2",
            n1,
            trains=(MAIN,),
            starts_from={MAIN: "main_1"},
            grows=True,
        ),
        stage("main_3", n2, trains=(MAIN,), starts_from={MAIN: "main_2"}),
    )

    spatial = recipe.arguments.spatial_attention
    temporal = recipe.arguments.temporal_attention
    if spatial and temporal:
        return (
            *pretrain_temporal_attention,
            *pretrain_spatial_attention,
            train_main_network,
            train_whole_network,
        )
    if spatial:
        return pretrain_spatial_attention
    if temporal:
        return pretrain_temporal_attention
    return train_without_attention
