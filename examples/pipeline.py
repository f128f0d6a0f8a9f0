"""A convolutional network at the end of a scikit-learn Pipeline.

Rows of pixels go in, as every scikit-learn data set has them; `ImageReshaper` makes images of
them, and `CNNClassifier` learns to read those. Prints an accuracy of about 0.99 on held-out
digits.
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skdigits import CNNClassifier, ImageReshaper

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X.astype("uint8"), y, stratify=y, random_state=0
)

reader = make_pipeline(ImageReshaper(image_shape=(8, 8)), CNNClassifier(random_state=0))
reader.fit(X_train, y_train)

print(f"{len(X_train)} images of {reader[-1].image_shape_} pixels to train on")
print(f"accuracy on {len(X_test)} others: {reader.score(X_test, y_test):.3f}")
print("probabilities of the first:", reader.predict_proba(X_test[:1]).round(3)[0])
