// Loads and starts the panel. It is appended to the generated bindings, which
// declare `__wbg_get_imports`, `__wbg_finalize_init` and `start`. Where the
// panel cannot run, the page says why in plain words.
WebAssembly.instantiateStreaming(fetch(new URL('panel.wasm', import.meta.url)), __wbg_get_imports())
  .then(({ instance, module }) => {
    __wbg_finalize_init(instance, module);
    start();
  })
  .catch((error) => {
    const blocked = error instanceof WebAssembly.CompileError;
    const words = blocked
      ? `This page blocks Makegood’s engine. Ask IT to allow ‘wasm-unsafe-eval’ for ${location.host}, or use frame mode.`
      : `Makegood could not start. Reload the page, or ask IT whether ${location.host} can be reached.`;
    const note = document.getElementById('failed');
    note.textContent = words;
    note.hidden = false;
    throw error;
  });
