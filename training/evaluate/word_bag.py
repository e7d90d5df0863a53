"""What a bag of words makes of a labelled set: logistic regression on words and pairs of neighbours."""

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

Labelled = list[tuple[str, int]]
STRENGTH = 0.1  # the inverse of the regression's penalty


def views(kind: str, rows: list[dict]) -> dict[str, Labelled]:
    """The texts that a bag is shown: all fields, the last one, and in a choice each answer by itself."""
    found = {
        "all fields": [(" | ".join(row["fields"]), row["label"]) for row in rows],
        "last field": [(row["fields"][-1], row["label"]) for row in rows],
    }
    if kind == "choice":
        found["each answer"] = [
            (" | ".join([*row["fields"][:2], answer]), int(index == row["label"]))
            for row in rows
            for index, answer in enumerate(row["fields"][2:])
        ]
    return found if kind != "classification" else {"all fields": found["all fields"]}


def accuracy(train: Labelled, test: Labelled) -> float:
    """In percent."""
    vectorizer = CountVectorizer(ngram_range=(1, 2), token_pattern=r"\S+")
    seen = vectorizer.fit_transform([text for text, _ in train])
    model = LogisticRegression(max_iter=200, C=STRENGTH).fit(seen, [label for _, label in train])
    asked = vectorizer.transform([text for text, _ in test])
    return 100 * model.score(asked, [label for _, label in test])
