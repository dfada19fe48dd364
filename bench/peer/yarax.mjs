// yarax holds YARA-X still for measuring, as peer.c does the C implementation.
//
//   node yarax.mjs PACKAGES native|wasm RULES        speaks the protocol of
//                                                    peer.c: compile, load, scan, peak
//   node yarax.mjs PACKAGES native|wasm -check LIST  prints the lines of LIST that
//                                                    name files it does not compile
//   node yarax.mjs PACKAGES native|wasm -version     prints the package's name
//
// PACKAGES is a directory in which npm installed @litko/yara-x (native) or
// @virustotal/yara-x (wasm). Nothing is installed from here.
import { readFileSync, readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [packages, build, ...rest] = process.argv.slice(2);
const modules = join(resolve(packages), 'node_modules');
const names = { native: '@litko/yara-x', wasm: '@virustotal/yara-x' };

// native and wasm give {compile(text): {scan(data): [names]}}.
function native() {
  const yarax = createRequire(join(modules, 'x.js'))(names.native);
  const compile = (text) => {
    const rules = yarax.compile(text, { relaxedReSyntax: true });
    return { scan: (data) => rules.scan(data), names: (found) => found.map((m) => m.ruleIdentifier) };
  };
  return { compile };
}

async function wasm() {
  const dir = join(modules, names.wasm, 'pkg');
  const yarax = await import(pathToFileURL(join(dir, 'yara_x_js.js')));
  yarax.initSync({ module: readFileSync(join(dir, 'yara_x_js_bg.wasm')) });
  const compile = (text) => {
    const compiler = new yarax.Compiler();
    compiler.addSource(text);
    const scanner = compiler.build().scanner();
    return { scan: (data) => scanner.scan(data), names: (found) => found.matches.map((m) => m.identifier ?? m.ruleIdentifier) };
  };
  return { compile };
}

const fnvPrime = 1099511628211n;
const mask = (1n << 64n) - 1n;

function fnv1a(text) {
  let h = 14695981039346656037n;
  for (const b of Buffer.from(text)) h = ((h ^ BigInt(b)) * fnvPrime) & mask;
  return h;
}

let pending = Buffer.alloc(0);

function more() {
  const chunk = Buffer.alloc(1 << 16);
  const n = readSync(0, chunk, 0, chunk.length, null);
  if (n > 0) pending = Buffer.concat([pending, chunk.subarray(0, n)]);
  return n > 0;
}

function line() {
  for (;;) {
    const at = pending.indexOf(10);
    if (at >= 0) {
      const text = pending.subarray(0, at).toString();
      pending = pending.subarray(at + 1);
      return text;
    }
    if (!more()) return null;
  }
}

function bytes(size) {
  const data = Buffer.alloc(size);
  let at = Math.min(size, pending.length);
  pending.copy(data, 0, 0, at);
  pending = Buffer.from(pending.subarray(at));
  while (at < size) at += readSync(0, data, at, size - at, null);
  return data;
}

function timed(work) {
  const begin = process.hrtime.bigint();
  const result = work();
  return [process.hrtime.bigint() - begin, result];
}

// used is timed by what the process has used of the processor.
function used(work) {
  const begin = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(begin);
  return [BigInt(Math.round((user + system) * 1000)), result];
}

function scan(rules, data) {
  const [taken, found] = used(() => rules.scan(data));
  const matching = rules.names(found);
  const sum = matching.reduce((s, n) => (s + fnv1a(n)) & mask, 0n);
  return `${taken} ${matching.length} ${sum}`;
}

function serve(engine, text) {
  const rules = engine.compile(text);
  const files = [];
  for (let l = line(); l !== null; l = line()) {
    const [command, argument, count] = l.split(' ');
    let out = '';
    if (command === 'compile') {
      [out] = timed(() => engine.compile(text));
    } else if (command === 'load') {
      out = files.push(bytes(Number(argument))) - 1;
    } else if (command === 'scan') {
      out = files.slice(Number(argument), Number(argument) + Number(count)).map((f) => scan(rules, f)).join('\n');
    } else if (command === 'peak') {
      out = Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
    } else {
      throw new Error(`unknown command ${l}`);
    }
    writeSync(1, `${out}\n`);
  }
}

function check(engine, list) {
  for (const name of readFileSync(list, 'utf8').split('\n')) {
    if (name === '') continue;
    try {
      engine.compile(readFileSync(name, 'latin1'));
    } catch {
      writeSync(1, `${name}\n`);
    }
  }
}

if (rest[0] === '-version') {
  const { version } = JSON.parse(readFileSync(join(modules, names[build], 'package.json')));
  writeSync(1, `${names[build]} ${version}\n`);
} else {
  const engine = build === 'native' ? native() : await wasm();
  if (rest[0] === '-check') check(engine, rest[1]);
  else serve(engine, readFileSync(rest[0], 'latin1'));
}
