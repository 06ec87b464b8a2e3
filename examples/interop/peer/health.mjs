// Health certificates: base45 and cborg from npm, the rest from node itself.
import * as cbor from 'cborg';
import {createPublicKey, generateKeyPairSync, sign, verify} from 'node:crypto';
import {deflateSync, inflateSync} from 'node:zlib';
import base45 from 'base45';

const tag18 = 0xd2; // COSE_Sign1, as one byte
const decode = bytes => cbor.decode(bytes, {useMaps: true});
const algorithms = {
  '-7': {hash: 'sha256', dsaEncoding: 'ieee-p1363'},
  '-37': {hash: 'sha256', padding: 6, saltLength: 32} // RSA_PKCS1_PSS_PADDING
};
const toSign = (header, payload) => cbor.encode(['Signature1', header, new Uint8Array(0), payload]);
const plain = v => v instanceof Map ? Object.fromEntries([...v].map(([k, x]) => [k, plain(x)])) :
  Array.isArray(v) ? v.map(plain) : v;
const pairs = v => Array.isArray(v) ? v.map(pairs) : v && typeof v === 'object' ?
  new Map(Object.entries(v).map(([k, x]) => [k, pairs(x)])) : v;

// openHealth verifies a certificate with a public key in PEM and returns its claims.
export async function openHealth({text, key}) {
  if(!text.startsWith('HC1:')) {
    throw new Error('no HC1');
  }
  const bytes = base45.decode(text.slice(4));
  if('HC1:' + base45.encode(bytes) !== text) {
    throw new Error('not base45'); // the package decodes what it can't read
  }
  const message = inflateSync(bytes);
  if(message[0] !== tag18) {
    throw new Error('no COSE_Sign1');
  }
  const [header, unprotected, payload, signature] = decode(message.subarray(1));
  const protectedHeader = decode(header);
  const {hash, ...options} = algorithms[protectedHeader.get(1)];
  if(!verify(hash, toSign(header, payload), {key: createPublicKey(key), ...options}, signature)) {
    throw new Error('signature does not verify');
  }
  const claims = decode(payload);
  const kid = protectedHeader.get(4) ?? unprotected.get(4);
  return {
    kid: Buffer.from(kid).toString('base64'),
    issuer: claims.get(1), expires: claims.get(4), issued: claims.get(6),
    content: plain(claims.get(-260))
  };
}

// sealHealth makes a key and a certificate of the content of claim -260.
export async function sealHealth({kind, kid, issuer, issued, expires, content}) {
  const pair = kind === 'RSA' ?
    generateKeyPairSync('rsa', {modulusLength: 2048}) : generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const algorithm = kind === 'RSA' ? -37 : -7;
  const numbers = new Map(Object.entries(content).map(([k, v]) => [Number(k), pairs(v)]));
  const payload = cbor.encode(new Map([[1, issuer], [4, expires], [6, issued], [-260, numbers]]));
  const header = cbor.encode(new Map([[1, algorithm], [4, Buffer.from(kid, 'base64')]]));
  const {hash, ...options} = algorithms[algorithm];
  const signature = sign(hash, toSign(header, payload), {key: pair.privateKey, ...options});
  const message = Buffer.concat([Buffer.of(tag18), cbor.encode([header, new Map(), payload, signature])]);
  return {
    text: 'HC1:' + base45.encode(deflateSync(message)),
    key: pair.publicKey.export({type: 'spki', format: 'pem'})
  };
}
