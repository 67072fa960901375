// Preloaded into the commands that tests run (`node --require`): the CommonJS packages come compiled and resolved from one file,
// in the place of some seven hundred, of which Node 20 looks for each on its own. The file is made once for a run of the tests,
// by a command of which HUBFLAKE_MODULES_KEEP asks it.
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const { Script } = require('node:vm');
const { deserialize, serialize } = require('node:v8');

const path = process.env.HUBFLAKE_MODULES;
if (process.env.HUBFLAKE_MODULES_KEEP) keep();
else if (path) use(deserialize(readFileSync(path)));

/** @param {{ places: Map<string, string>, modules: Map<string, { source: string, code: Buffer }> }} known */
function use({ places, modules }) {
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function resolveOnce(request, parent, isMain, options) {
    const place = options || !parent?.filename ? undefined : places.get(`${dirname(parent.filename)}\0${request}`);
    return place ?? resolve.call(this, request, parent, isMain, options);
  };
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = function loadCompiled(module, filename) {
    const known = modules.get(filename);
    if (!known) return load(module, filename);
    return run(module, filename, script(filename, known.source, known.code));
  };
}

/** Notes what is loaded, and writes it when the process ends. */
function keep() {
  const places = new Map();
  const scripts = new Map();
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function resolveAndNote(request, parent, isMain, options) {
    const place = resolve.call(this, request, parent, isMain, options);
    if (!options && parent?.filename) places.set(`${dirname(parent.filename)}\0${request}`, place);
    return place;
  };
  const compile = Module.prototype._compile;
  Module.prototype._compile = function compileAndNote(source, filename) {
    // What imports modules needs Node's own loader, and so does what is no CommonJS.
    if (!filename.endsWith('.js') || /\bimport\s*\(/.test(source)) return compile.call(this, source, filename);
    const compiled = script(filename, source);
    scripts.set(filename, { source, compiled });
    return run(this, filename, compiled);
  };
  process.on('exit', () => {
    const modules = new Map();
    for (const [filename, { source, compiled }] of scripts) {
      modules.set(filename, { source, code: compiled.createCachedData() });
    }
    writeFileSync(`${path}.${process.pid}`, serialize({ places, modules }));
    renameSync(`${path}.${process.pid}`, path);
  });
}

function script(filename, source, code) {
  return new Script(Module.wrap(source), { filename, cachedData: code });
}

/** As Node runs a CommonJS module. */
function run(module, filename, compiled) {
  const require = (id) => module.require(id);
  require.resolve = (request, options) => Module._resolveFilename(request, module, false, options);
  require.main = process.mainModule;
  require.extensions = Module._extensions;
  require.cache = Module._cache;
  const { exports } = module;
  return compiled.runInThisContext().call(exports, exports, require, module, filename, dirname(filename));
}
