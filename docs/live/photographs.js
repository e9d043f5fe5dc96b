"use strict";
// Pictures of any kind as the network reads them: the square in the middle, made small.

/** RGB bytes (side, side, 3) of an image, a video's frame or a canvas. */
function squared(source, side) {
  const width = source.videoWidth || source.naturalWidth || source.width;
  const height = source.videoHeight || source.naturalHeight || source.height;
  const cut = Math.min(width, height), canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  brush.imageSmoothingQuality = "high";
  brush.drawImage(source, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, side, side);
  const { data } = brush.getImageData(0, 0, side, side), pixels = new Uint8Array(3 * side * side);
  for (let n = 0; n < side * side; n++) pixels.set(data.subarray(4 * n, 4 * n + 3), 3 * n);
  return pixels;
}

/** The picture of an address (a file's, or data), once it is there. */
function pictureOf(address) {
  return new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => done(image);
    image.onerror = () => failed(new Error("The file must be a picture that this browser knows. Take a JPEG or PNG."));
    image.src = address;
  });
}

/** The camera, asked for: a video that plays. Its frames stay in this page. */
async function cameraVideo() {
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
  await video.play();
  return video;
}

/** Ends what `cameraVideo` began. */
function stopCamera(video) {
  for (const track of video.srcObject.getTracks()) track.stop();
}
