"""Every number of the five lectures, computed: a test per row of the list of course facts."""

import pytest

from cnnlab import datasets

# A. By hand

# B. Counting

# C. Receptive field

# D. Training and practice

# E. History and data


def test_E1_the_column_called_accuracy_holds_top_5_errors():
    table = datasets.table("ilsvrc")
    assert "top5_error_percent" in table
    before, after = (
        table.query("network == @name and networks_averaged == @count").top5_error_percent.item()
        for name, count in (("SIFT and Fisher vectors", "several"), ("AlexNet", "5"))
    )
    assert (after, before) == (16.4, 26.2)
    assert round(before - after, 1) == 9.8  # points


@pytest.mark.parametrize(
    ("network", "averaged", "split", "error"),
    [
        ("AlexNet", "1", "validation", 18.2),
        ("AlexNet", "7", "test", 15.3),
        ("VGG16", "1", "validation", 8.0),
        ("VGG", "1", "test", 7.0),
        ("VGG", "7", "test", 7.3),
        ("VGG", "2", "test", 6.8),
        ("Inception v3", "1", "validation", 5.6),
        ("Inception v3", "4", "test", 3.6),
        ("ResNet-152", "1", "validation", 4.49),
        ("ResNet", "6", "test", 3.57),
    ],
)
def test_E1_every_error_is_told_with_its_networks_and_split(network, averaged, split, error):
    table = datasets.table("ilsvrc").query("network == @network and split == @split")
    assert table.query("networks_averaged == @averaged").top5_error_percent.item() == error


def test_E2_synsets_times_average_is_the_total_within_rounding():
    table = datasets.table("imagenet_categories")
    assert len(table) == 27
    product = table.synsets * table.images_per_synset / 1000
    gap = (product - table.images_thousands).abs() / table.images_thousands
    assert round(100 * gap.max(), 2) == 0.80
    assert table.category[gap.argmax()] == "amphibian"


def test_E2_the_categories_overlap_so_their_totals_exceed_all_images():
    table = datasets.table("imagenet_categories").set_index("category")
    assert table.images_thousands.sum() == 14_661
    images = datasets.table("image_collections").set_index("collection").images
    assert table.images_thousands.sum() * 1000 > images["ImageNet"] == 14_197_122
    assert table.synsets.sum() == 21_338
    inside = ["amphibian", "bird", "fish", "invertebrate", "mammal", "reptile"]
    assert table.images_thousands[inside].sum() < table.images_thousands["animal"]


def test_E3_ilsvrc_is_66_times_pascal_voc():
    table = datasets.table("image_collections").set_index("collection")
    ilsvrc = table.loc["ILSVRC 2012"]
    assert ilsvrc.images == ilsvrc[["training", "validation", "test"]].sum() == 1_431_167
    voc = table.loc["PASCAL VOC 2012"]
    assert (voc.classes, voc.images) == (20, 21_738)
    assert round(ilsvrc.images / voc.images) == 66


def test_E5_ilsvrc_has_1000_classes_and_imagenet_21841_synsets():
    classes = datasets.table("image_collections").set_index("collection").classes
    assert (classes["ILSVRC 2012"], classes["ImageNet"]) == (1000, 21_841)
