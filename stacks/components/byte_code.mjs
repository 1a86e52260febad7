// Runs a Python program in Pyodide over one mounted folder; byte_code.py says why.
// node byte_code.mjs <URL of pyodide.mjs> <folder> <its place for the program> <program>
const [url, folder, place, program] = process.argv.slice(2);
const { loadPyodide } = await import(url);
const python = await loadPyodide({ env: { PYTHONHASHSEED: process.env.PYTHONHASHSEED, HOME: "/" } });
python.FS.mkdirTree(place);
python.FS.mount(python.FS.filesystems.NODEFS, { root: folder }, place);
python.runPython(program);
