import numpy as np
from sklearn.svm import LinearSVC

from stalstm.baselines.shared.windows import WindowVote, windows


def test_windows_are_all_consecutive_frames():
    np.testing.assert_array_equal(
        windows(np.arange(5), 3), [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    )
    np.testing.assert_array_equal(windows(np.arange(2), 3), [[0, 1, 1]])
    assert windows(np.zeros((7, 2, 3)), 3).shape == (5, 3, 2, 3)


def test_the_windows_of_a_clip_vote():
    for classes in (2, 3):
        rng = np.random.default_rng(0)
        centres = 3 * np.eye(classes)
        labels = np.arange(30) % classes
        clips = [
            centres[label] + rng.normal(size=(rng.integers(1, 9), classes))
            for label in labels
        ]
        vote = WindowVote(LinearSVC(random_state=0)).fit(clips, labels + 5)
        assert np.mean(vote.predict(clips) == labels + 5) > 0.9
        # Of clips that show a bit of everything, every window counts by how
        # sure the classifier is.
        mixed = [rng.normal(1, 2, size=(9, classes)) for _ in range(30)]
        for clip, predicted in zip(mixed, vote.predict(mixed), strict=True):
            scores = np.zeros(classes)
            for window in clip:
                score = vote.classifier_.decision_function([window])[0]
                scores += [-score, score] if classes == 2 else score
            assert predicted == 5 + scores.argmax()
