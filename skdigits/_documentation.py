"""Links to the documentation from scikit-learn's HTML representation of an estimator."""

SITE = "https://skdigits.readthedocs.io/en/stable"


class DocumentationLinkMixin:
    """What `set_config(display="diagram")` links the question mark of an estimator to.

    Classes derived from ours elsewhere have no link.

    Examples
    --------
    >>> from skdigits import CNNClassifier
    >>> CNNClassifier()._get_doc_link()
    'https://skdigits.readthedocs.io/en/stable/generated/skdigits.CNNClassifier.html'
    """

    _doc_link_module = "skdigits"
    _doc_link_template = f"{SITE}/generated/skdigits.{{estimator_name}}.html"
