"""Pack twelve CC0 and public-domain photographs of scikit-image as data/photos/*.jpg.

    python tools/pack_photos.py && python tools/write_checksums.py

Long side 400 pixels at most, JPEG quality 90; grey photographs stay grey.

Needs: pillow, scikit-image (only its data files are read).
"""

from importlib.util import find_spec
from pathlib import Path

from PIL import Image

DATA = Path(__file__).parent.parent / "data"
FILES = {
    "astronaut": "astronaut.png",
    "brick": "brick.png",
    "camera": "camera.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "coins": "coins.png",
    "grass": "grass.png",
    "gravel": "gravel.png",
    "hubble": "hubble_deep_field.jpg",
    "retina": "retina.jpg",
    "rocket": "rocket.jpg",
    "text": "text.png",
}


def main():
    package = Path(find_spec("skimage").submodule_search_locations[0])
    (DATA / "photos").mkdir(exist_ok=True)
    for name, file in FILES.items():
        photograph = Image.open(package / "data" / file)
        photograph.thumbnail((400, 400), Image.Resampling.LANCZOS)
        photograph.save(DATA / "photos" / f"{name}.jpg", quality=90)


if __name__ == "__main__":
    main()
