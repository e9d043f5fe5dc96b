"use strict";
// vgg16_slim on TensorFlow.js: thirteen convolutions in five blocks, an average, one dense layer.

/** A function of pixels, from the weights as they are stored; its `convolutions` are their names. */
function vgg16Slim(stored) {
  const tensors = Object.fromEntries(Object.entries(stored).map(([name, array]) => {
    const { shape, values } = tensorOf(array, Float32Array);
    return [name, tf.tensor(values, shape)];
  }));
  const convolutions = Object.keys(stored).filter((name) => /conv\d\/kernel/.test(name)).map((name) => name.split("/")[0]);
  const endsBlock = (n) => convolutions[n].slice(0, 6) !== (convolutions[n + 1] ?? "").slice(0, 6);

  /** RGB bytes (H,W,3) -> {maps: {block1_conv1: {shape, values}, ...}, logits}. */
  function network(pixels, height, width) {
    const maps = {};
    let logits = null;
    tf.tidy(() => { // returns nothing: it would look for tensors in each number of what it returns
      let x = tf.tensor(Float32Array.from(pixels, (byte) => byte / 127.5 - 1), [1, height, width, 3]);
      convolutions.forEach((name, n) => {
        const filter = tensors[`${name}/kernel`], bias = tensors[`${name}/bias`];
        x = tf.fused.conv2d({ x, filter, bias, strides: 1, pad: "same", activation: "relu" });
        maps[name] = { shape: x.shape.slice(1), values: x.dataSync() };
        if (endsBlock(n)) x = tf.maxPool(x, 2, 2, "valid");
      });
      const bias = tensors["predictions/bias"].dataSync();
      logits = tf.matMul(tf.mean(x, [1, 2]), tensors["predictions/kernel"]).dataSync().map((logit, n) => logit + bias[n]);
    });
    return { maps, logits };
  }

  network.convolutions = convolutions;
  network.head = tensorOf(stored["predictions/kernel"]);
  return network;
}
