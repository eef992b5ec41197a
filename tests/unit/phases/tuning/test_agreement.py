"""For one threshold the sweep says what scikit-learn says, on public labelled data; net benefit as was published."""

import numpy as np
import pytest
import tuned

from lib.phases.tuning import cube_engine, exact_optimum, found_settings, recall_floor
from lib.phases.tuning.cube import Grid
from lib.routes import Route
from lib.values.reviewed import Outcome

# scikit-learn is imported where it is used: whoever collects the tests would wait seconds for it.


@pytest.fixture(scope="module")
def scored():
    """Wisconsin diagnostic breast cancer data, of which scikit-learn holds a copy: malignant stands for a crisis, and
    the mean radius, on a scale of 0 to 100, for the risk.
    """
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    radius = data.data[:, 0]
    return radius / radius.max() * 100, data.target == 0


@pytest.fixture(scope="module")
def people(scored):
    scores, malignant = scored
    outcomes = ["crisis" if bad else "none" for bad in malignant]
    return tuned.checkins([tuned.risky(float(score), 0.9) for score in scores], outcomes)


def amounts(cube, of):
    """What counts on the crisis route alone."""
    return {route: of * (route is Route.CRISIS) for route in Route}


def test_recall_and_precision_of_every_threshold_are_those_of_scikit_learn(scored, people):
    from sklearn.metrics import precision_recall_curve

    scores, malignant = scored
    precision, recall, thresholds = precision_recall_curve(malignant, scores)
    # Who lies at a threshold is positive to scikit-learn, and to the workflow who lies above it.
    grid = Grid(tuple(float(np.nextafter(one, -1)) for one in thresholds), (0.0,))
    cube = cube_engine.count(people, grid, tuned.WINDOW)
    weight = cube.cells["weight"].to_numpy(dtype=float)
    crises = weight * (cube.cells["outcome"] == Outcome.CRISIS).to_numpy()
    caught = exact_optimum.add_up(cube, amounts(cube, crises))
    raised = exact_optimum.add_up(cube, amounts(cube, weight))
    hits, alerts = caught.crisis + caught.constant, raised.crisis + raised.constant
    assert len(thresholds) > 400
    assert hits / malignant.sum() == pytest.approx(recall[:-1])
    assert hits / alerts == pytest.approx(precision[:-1])


def alerting_above(risk):
    """The search whose setting of now alerts nobody but who lies above this risk, by the crisis alert."""
    levels = {"CrisisRiskAbove": risk, "HighRiskAbove": risk - 1, "ModerateRiskAbove": risk - 2}
    return {**levels, "ProactiveRiskAbove": risk - 3, "SentimentBelow": -0.9}


def test_net_benefit_is_that_of_the_confusion_matrix_of_scikit_learn(scored, people):
    from sklearn.metrics import confusion_matrix

    scores, malignant = scored
    numbers = alerting_above(60)
    found = tuned.found(people, **numbers)
    lines = found_settings.net_benefit(found)
    alerted = numbers["ModerateRiskAbove"] < scores
    _, false, _, true = confusion_matrix(malignant, alerted).ravel()
    mine = lines[lines["setting"] == "now"].set_index("chance")["benefit"]
    for chance in (0.1, 0.25, 0.5):
        assert mine.loc[chance] == pytest.approx(1000 * (true - false * chance / (1 - chance)) / len(scores))


@pytest.mark.parametrize(("chance", "published"), [(0.0, 0.140), (0.25, -0.1466667)])
def test_to_alert_everybody_helps_as_much_as_was_published(chance, published):
    """105 of 750 men had cancer. The figures: package dcurves (Sjoberg, CRAN), tests/testthat/test-dca.R, `df_binary`,
    the data of Vickers' tutorial on decision curves.
    """
    outcomes = ["crisis"] * 105 + ["none"] * 645
    lines = found_settings.net_benefit(tuned.found(tuned.checkins([tuned.risky(50, 0.9)] * 750, outcomes)))
    every = lines[lines["setting"] == found_settings.ALL].set_index("chance")["benefit"]
    nobody = lines[lines["setting"] == found_settings.NONE_AT_ALL]["benefit"]
    assert every.loc[chance] / 1000 == pytest.approx(published, abs=1e-6)
    assert (nobody == 0).all()


# By family history, which 24 of the 105 with cancer have and 91 of the 645 without. Thresholds and net benefits as
# published: package dcurves (MSKCC-Epi-Bio, PyPI), test/resources/r_results/univ_canc_famhist/net_benefit.csv, as R's
# package of the same name gives them.
BY_FAMILY_HISTORY = {
    0.01: 0.030774410774410774, 0.05: 0.025614035087719297, 0.09: 0.02, 0.1: 0.018518518518518517,
    0.14: 0.012248062015503876, 0.2: 0.001666666666666667, 0.21: -0.0002531645569620253, 0.25: -0.008444444444444442,
    0.35: -0.03333333333333334, 0.5: -0.08933333333333333,
}  # fmt: skip


def test_who_is_alerted_by_a_sign_helps_as_much_as_was_published_at_every_threshold():
    answers = [tuned.risky(97 if n < 24 or 105 <= n < 105 + 91 else 5, 0.9) for n in range(750)]
    outcomes = ["crisis"] * 105 + ["none"] * 645
    lines = found_settings.net_benefit(tuned.found(tuned.checkins(answers, outcomes)))
    mine = lines[lines["setting"] == "now"].set_index("chance")["benefit"] / 1000
    assert mine.loc[0.0] == pytest.approx(0.032)  # the same package, tests/benchmark_data
    for chance, published in BY_FAMILY_HISTORY.items():
        assert mine.loc[chance] == pytest.approx(published, abs=1e-12), chance


def test_the_floor_s_limit_is_scipy_s_own_interval():
    from scipy.stats import binomtest

    exact = binomtest(57, 59, alternative="greater").proportion_ci(0.95, method="exact").low
    assert float(recall_floor.lower_limit(57, 59, 59)) == pytest.approx(exact)
