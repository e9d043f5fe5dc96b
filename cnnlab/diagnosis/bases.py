"""Trained networks that are known by their layers, and how their pictures were prepared."""

from dataclasses import dataclass

from cnnlab.diagnosis.finding import in_place_of
from cnnlab.diagnosis.memory import untouched_since_start

_CAFFE, _TF, _TORCH = "caffe", "tf", "torch"
_WORDS = {
    _CAFFE: "0-255 less the mean of each channel, blue first",
    _TF: "-1 to 1",
    _TORCH: "0-1 less the mean of each channel, divided by its deviation",
}
# The names of layers by which a family is known, its module in Keras Applications, and the manner.
# Networks that rescale their pictures themselves, such as EfficientNet, need no row.
_FAMILIES = (
    ({"block1_conv1", "block5_conv3"}, "vgg16", _CAFFE),
    ({"conv1_conv", "post_bn"}, "resnet_v2", _TF),
    ({"conv1_conv", "pool4_conv"}, "densenet", _TORCH),
    ({"conv1_conv", "conv5_block1_0_conv"}, "resnet", _CAFFE),
    ({"Conv1", "Conv_1"}, "mobilenet_v2", _TF),
    ({"conv1", "conv_pw_13"}, "mobilenet", _TF),
    ({"block1_conv1", "block14_sepconv2"}, "xception", _TF),
    ({"conv2d", "mixed10"}, "inception_v3", _TF),
    ({"conv_7b", "conv_7b_bn"}, "inception_resnet_v2", _TF),
)
_VGG_FILTERS = 64  # of block1_conv1; a network of these names with fewer is another one


@dataclass(frozen=True)
class Expectation:
    """How the pictures of a trained base were prepared.

    Attributes:
        base: its name, for a sentence.
        family: the module of Keras Applications, or "vgg16_slim".
        manner: "caffe", "tf" or "torch".
        first: the address of its first layer with weights.
    """

    base: str
    family: str
    manner: str
    first: str

    @property
    def words(self):
        """The range in words."""
        return _WORDS[self.manner]

    def arriving(self, case):
        """What the base's first layers read of the batch, or None."""
        graph = case.graph
        node = graph[self.first]
        prefix = self.first.rpartition("/")[0]
        while node.inputs:
            before = graph[node.inputs[0]]
            inside = prefix and before.address.startswith(f"{prefix}/")
            if not before.inputs or not (inside or _only_pads(before)):
                break
            node = before
        source = node.inputs[0]
        if source in graph.inputs:
            return case.batch.arrays[graph.inputs.index(source)]
        return case.run.outputs.get(source)

    def fault(self, low, high):
        """What is wrong with a range, in words, or ""."""
        if self.manner == _CAFFE:
            if high <= 3 and low >= -3:
                return "scaled down"
            return "whose mean was not taken away" if low >= 0 and high > 30 else ""
        if high > 10:
            return "not scaled" if low >= -10 else "whose mean was taken away, not scaled"
        if self.manner == _TF and -3 <= low < -1.5 and 1.5 < high <= 3:
            return "divided by their deviation"
        return "which is 0-1" if low >= 0 and 0 < high <= 1 else ""

    def remedy(self, case, low, high):
        """A line that prepares the pictures as the base expects them."""
        whole = case.batch.arrays[0]
        scaling = [n for n in case.calls if n.kind == "Rescaling"]
        prepare = f"keras.applications.{self.family}.preprocess_input"
        if scaling and self.manner == _TF:
            layer = "layers.Rescaling(1 / 127.5, offset=-1)"
            return in_place_of(layer, scaling[0].layer.name)
        if scaling:
            return in_place_of(f"layers.Lambda({prepare})", scaling[0].layer.name)
        pixels = _as_pixels(whole.min(), whole.max())
        if self.family == "vgg16_slim":
            return f"images = ({pixels}) / 127.5 - 1"
        return f"images = {prepare}({pixels})"


def expectation_of(case):
    """The `Expectation` of a trained base among the layers, or None."""
    if not case.graph:
        return None
    prefixes = {}
    for node in case.calls:
        prefix, _, name = node.address.rpartition("/")
        prefixes.setdefault(prefix, {})[name] = node
    for prefix, nodes in prefixes.items():
        for names, family, manner in _FAMILIES:
            if not names <= nodes.keys():
                continue
            first = next(n for n in nodes.values() if getattr(n.layer, "weights", ()))
            base = prefix or case.graph.name
            if family == "vgg16" and first.output_shape[-1] != _VGG_FILTERS:
                if base.split("/")[-1] != "vgg16_slim":
                    break
                family, manner = "vgg16_slim", _TF
            layers = [node.layer for node in nodes.values()]
            if untouched_since_start(layers) is not False:
                break
            return Expectation(base, family, manner, first.address)
    return None


def _as_pixels(low, high):
    """Python that makes pixels of 0-255 of images, however those seem to have been prepared."""
    if low >= 0:
        return "255.0 * images" if high <= 1 else "1.0 * images"
    if low >= -1:
        return "127.5 * (images + 1)"
    if low >= -3:
        return "255 * ([0.229, 0.224, 0.225] * images + [0.485, 0.456, 0.406])"
    return "(images + [103.939, 116.779, 123.68])[..., ::-1]"


def _only_pads(node):
    return node.kind.startswith(("ZeroPadding", "Identity", "Cropping"))
