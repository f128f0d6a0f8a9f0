"""What is known of MNIST and the sets of its form: files, where they are, digests, descriptions."""

from dataclasses import dataclass

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True)
class IdxSet:
    """A data set in four IDX files.

    Attributes
    ----------
    folder : str
        Its folder in the data home.
    mirrors : tuple of str
        Addresses of folders on the web that hold the compressed files.
    archives : tuple of str
        The sha256 of the compressed files as they are on the web, in the order of `FILES`.
    contents : tuple of str
        The sha256 of what is in them, or nothing where that is unknown. Compression leaves its own
        marks: a file that was compressed again is told to be right by its contents.
    target_names : list of str
        What the labels 0 to 9 mean.
    description : str
        For `DESCR`.
    """

    folder: str
    mirrors: tuple
    archives: tuple
    target_names: list
    description: str
    contents: tuple = ()


MNIST = IdxSet(
    folder="mnist",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    archives=(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    contents=(
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    target_names=list("0123456789"),
    description="""\
MNIST handwritten digits
------------------------

:Number of Instances: 60,000 for training, then 10,000 for testing, of other writers
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (paper) to 255 (ink), a digit centred in the picture
:Missing Attribute Values: None
:Creators: Yann LeCun, Corinna Cortes, Christopher J.C. Burges
:License: CC BY-SA 3.0

Digits written by employees of the U.S. Census Bureau and by high school students, from NIST's
Special Databases 3 and 1, scaled to fit 20x20 pixels and centred by their centre of mass.

.. rubric:: References

- Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
  recognition", Proceedings of the IEEE 86, 2278-2324, 1998.
""",
)
FASHION_MNIST = IdxSet(
    folder="fashion-mnist",
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
    ),
    archives=(
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
    contents=(
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    target_names=[
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ],
    description="""\
Fashion-MNIST pictures of clothes
---------------------------------

:Number of Instances: 60,000 for training, then 10,000 for testing
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (background) to 255
:Missing Attribute Values: None
:Creators: Han Xiao, Kashif Rasul, Roland Vollgraf (Zalando Research)
:License: MIT

Articles of Zalando's shop in ten kinds, made to take MNIST's place where that is too easy.

.. rubric:: References

- H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
  machine learning algorithms", arXiv:1708.07747, 2017.
""",
)
KMNIST = IdxSet(
    folder="kmnist",
    mirrors=(
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
    archives=(
        "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    ),
    target_names=list("おきすつなはまやれを"),
    description="""\
Kuzushiji-MNIST cursive Japanese
--------------------------------

:Number of Instances: 60,000 for training, then 10,000 for testing
:Number of Attributes: 784
:Attribute Information: 28x28 pixels, 0 (paper) to 255 (ink)
:Missing Attribute Values: None
:Creators: Center for Open Data in the Humanities (CODH)
:License: CC BY-SA 4.0

Ten hiragana, one of each row of the syllabary, from books of the eighteenth and nineteenth
centuries; the same character is written in quite different ways. "KMNIST Dataset" (created by
CODH), adapted from "Kuzushiji Dataset" (created by NIJL and others), doi:10.20676/00000341.

.. rubric:: References

- T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto and D. Ha, "Deep learning for
  classical Japanese literature", arXiv:1812.01718, 2018.
""",
)
