"""Train seven different models on handwritten digits and write the meter-reading benchmark.

The images are REAL: the handwritten digits of the UCI repository that scikit-learn ships, standing
in for the number wheels of a water meter.  The models are really trained here.  Only the story
around them, the companies and their prices, is invented.

Run once; the output is committed, so that neither the service nor its demo needs scikit-learn.
Another version of scikit-learn may move a prediction or two.
"""

from pathlib import Path
from typing import Any, Final

from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

HERE: Final = Path(__file__).parent
SEED: Final = 20260301
TEST_ROWS: Final = 600


def models() -> dict[str, Any]:
    """Choose one model per solver; the weak tree is there to fall below the hard floor."""
    return {
        "SLV-01": SVC(kernel="rbf", C=5.0, gamma="scale"),
        "SLV-02": KNeighborsClassifier(n_neighbors=5),
        "SLV-04": RandomForestClassifier(n_estimators=200, random_state=SEED),
        "SLV-05": make_pipeline(
            StandardScaler(),
            MLPClassifier(hidden_layer_sizes=(64,), max_iter=600, random_state=SEED),
        ),
        "SLV-07": make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
        "SLV-09": GaussianNB(var_smoothing=1e-3),
        "SLV-10": DecisionTreeClassifier(max_depth=4, random_state=SEED),
    }


def table(header: list[str], rows: list[list[str]]) -> bytes:
    """Write a small CSV by hand, with line feeds on every platform."""
    return ("\n".join(",".join(row) for row in [header, *rows]) + "\n").encode()


def files() -> dict[str, bytes]:
    """Split, train, predict; give every output file by its path in this folder."""
    digits = load_digits()
    images, labels = digits.data.astype(int), digits.target
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=TEST_ROWS, random_state=SEED, stratify=labels
    )
    pixels = [f"p{row}{column}" for row in range(8) for column in range(8)]
    ids = [f"M{number:04d}" for number in range(1, TEST_ROWS + 1)]
    written = {
        "train.csv": table(
            ["label", *pixels],
            [[str(y), *map(str, x)] for x, y in zip(train_x, train_y, strict=True)],
        ),
        "test_features.csv": table(
            ["id", *pixels], [[i, *map(str, x)] for i, x in zip(ids, test_x, strict=True)]
        ),
        "truth.csv": table(
            ["id", "label"], [[i, str(y)] for i, y in zip(ids, test_y, strict=True)]
        ),
    }
    for solver, model in models().items():
        guesses = model.fit(train_x, train_y).predict(test_x)
        written[f"predictions/{solver}.csv"] = table(
            ["id", "prediction"], [[i, str(g)] for i, g in zip(ids, guesses, strict=True)]
        )
    return written


def main() -> None:
    """Write all files beside this script."""
    for name, content in files().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
