// What the page needs of TensorFlow.js, and its engine in WebAssembly as part of the script: a page
// that is opened from a folder may fetch nothing. `make site` bundles this file to tfjs.js.
import "@tensorflow/tfjs-backend-wasm";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import engine from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";
import { env, setBackend } from "@tensorflow/tfjs-core";

export { fused, matMul, maxPool, mean, ready, tensor, tidy, version_core as version } from "@tensorflow/tfjs-core";

/** Starts the engine: with the wide instructions that browsers have had since 2021 to 2023, one thread. */
export async function start() {
  setWasmPaths(
    Object.fromEntries(["", "-simd", "-threaded-simd"].map((kind) => [`tfjs-backend-wasm${kind}.wasm`, engine])),
  );
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  if (!(await env().getAsync("WASM_HAS_SIMD_SUPPORT"))) {
    throw new Error("This browser must know WebAssembly SIMD, as all have since 2023. Open the page in a newer one.");
  }
  await setBackend("wasm");
}
