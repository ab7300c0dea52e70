// Starts the panel. It is appended to the generated bindings, which declare
// `__wbg_init` and `start`. Where the panel cannot run, the page says why in
// plain words.
__wbg_init()
  .then(start)
  .catch((error) => {
    const blocked = error instanceof WebAssembly.CompileError;
    const words = blocked
      ? `This page blocks Makegood’s engine. Ask IT to allow ‘wasm-unsafe-eval’ for ${location.host}, or use frame mode.`
      : `Makegood could not start. Reload the page; if that does not help, ask IT whether ${location.host} can be reached.`;
    const note = document.getElementById('failed');
    note.textContent = words;
    note.hidden = false;
    throw error;
  });
