// JSON Web Signatures, Encryption and Tokens by jose. It has no ES256K, which node
// signs and verifies here, and COSE_Sign1 is put together of cborg and node.
import * as cbor from 'cborg';
import * as jose from 'jose';
import {createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify} from 'node:crypto';

const keys = new Map();
const bytes = text => new Uint8Array(Buffer.from(text, 'base64url'));
const text = data => Buffer.from(data).toString('base64url');
const json = value => text(JSON.stringify(value));
const threeParts = message => {
  const parts = message.split('.');
  if(parts.length !== 3) {
    throw new Error('not three parts');
  }
  return parts;
};
const secp256k1 = {hash: 'sha256', dsaEncoding: 'ieee-p1363'};

// What the package and JSON.parse throw is a refusal.
const refusal = async what => {
  try {
    return await what();
  } catch(e) {
    throw new Error(e.message);
  }
};

// joseKey makes a key and returns its public half with its thumbprint, under
// which the private one stays here.
export async function joseKey({alg, crv}) {
  let publicJWK, privateJWK;
  if(alg === 'ES256K') {
    const pair = generateKeyPairSync('ec', {namedCurve: 'secp256k1'});
    [publicJWK, privateJWK] = [pair.publicKey.export({format: 'jwk'}), pair.privateKey.export({format: 'jwk'})];
  } else {
    const pair = await jose.generateKeyPair(alg, {crv, extractable: true});
    [publicJWK, privateJWK] = [await jose.exportJWK(pair.publicKey), await jose.exportJWK(pair.privateKey)];
  }
  const thumbprint = await jose.calculateJwkThumbprint(publicJWK);
  keys.set(thumbprint, {...privateJWK, alg});
  return {jwk: {...publicJWK, alg}, thumbprint};
}

export const joseThumbprint = ({jwk}) => jose.calculateJwkThumbprint(jwk);

const privateKey = name => jose.importJWK(keys.get(name));

// joseSign signs bytes, by each of the keys in the general form.
export async function joseSign({names, header, payload, form}) {
  const data = bytes(payload);
  if(header.alg === 'ES256K') {
    const input = `${json(header)}.${payload}`;
    const signature = sign(secp256k1.hash, Buffer.from(input), {...secp256k1, key: createPrivateKey({key: keys.get(names[0]), format: 'jwk'})});
    return `${input}.${text(signature)}`;
  }
  switch(form) {
    case 'compact':
      return new jose.CompactSign(data).setProtectedHeader(header).sign(await privateKey(names[0]));
    case 'flattened':
      return JSON.stringify(await new jose.FlattenedSign(data).setProtectedHeader(header).setUnprotectedHeader({kid: 'k'}).sign(await privateKey(names[0])));
    case 'general': {
      const all = new jose.GeneralSign(data);
      for(const name of names) {
        all.addSignature(await privateKey(name)).setProtectedHeader({...header, alg: keys.get(name).alg});
      }
      return JSON.stringify(await all.sign());
    }
    case 'detached': {
      const m = await new jose.FlattenedSign(data).setProtectedHeader({...header, b64: false, crit: ['b64']}).sign(await privateKey(names[0]));
      return `${m.protected}..${m.signature}`;
    }
  }
}

// joseVerify returns the payload of a message in one of the forms.
export const joseVerify = ({jwk, message, form, payload}) => refusal(async () => {
  const algorithms = [jwk.alg];
  if(jwk.alg === 'ES256K') {
    const [header, data, signature] = threeParts(message);
    if(JSON.parse(Buffer.from(header, 'base64url')).alg !== 'ES256K') {
      throw new Error('another algorithm');
    }
    const key = {...secp256k1, key: createPublicKey({key: jwk, format: 'jwk'})};
    if(!verify(secp256k1.hash, Buffer.from(`${header}.${data}`), key, bytes(signature))) {
      throw new Error('signature does not verify');
    }
    return data;
  }
  const key = await jose.importJWK(jwk);
  switch(form) {
    case 'compact':
      return text((await jose.compactVerify(message, key, {algorithms})).payload);
    case 'flattened':
      return text((await jose.flattenedVerify(JSON.parse(message), key, {algorithms})).payload);
    case 'general':
      return text((await jose.generalVerify(JSON.parse(message), key, {algorithms})).payload);
    case 'detached': {
      const [header, empty, signature] = threeParts(message);
      if(empty !== '') {
        throw new Error('not detached');
      }
      const m = {protected: header, payload: bytes(payload), signature};
      const {payload: data, protectedHeader} = await jose.flattenedVerify(m, key, {algorithms});
      if(protectedHeader.b64 !== false) {
        throw new Error('not as it is');
      }
      return text(data);
    }
  }
});

// joseEncrypt encrypts for a public key, or with a secret.
export async function joseEncrypt({jwk, secret, header, plaintext}) {
  const key = secret ? bytes(secret) : await jose.importJWK(jwk, header.alg);
  return new jose.CompactEncrypt(bytes(plaintext)).setProtectedHeader(header).encrypt(key);
}

// joseDecrypt decrypts with a private key of this side, or with a secret.
export const joseDecrypt = ({name, secret, alg, message}) => refusal(async () => {
  const key = secret ? bytes(secret) : await privateKey(name);
  const {plaintext} = await jose.compactDecrypt(message, key, {keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: ['A256GCM']});
  return text(plaintext);
});

// jwtSign signs claims as a token.
export const jwtSign = async ({name, header, claims}) =>
  new jose.SignJWT(claims).setProtectedHeader({...header, alg: keys.get(name).alg}).sign(await privateKey(name));

// jwtVerify returns the claims of a token whose key is in a set, by its kid.
export const jwtVerify = ({set, token, typ, issuer, audience, nonce, now}) => refusal(async () => {
  const algorithms = set.keys.map(k => k.alg);
  const {payload} = await jose.jwtVerify(token, jose.createLocalJWKSet(set), {algorithms, typ, issuer, audience, currentDate: new Date(now)});
  if(payload.nonce !== nonce) {
    throw new Error('another nonce');
  }
  return payload;
});

const coseAlgorithms = {
  ES256: {id: -7, hash: 'sha256'}, ES384: {id: -35, hash: 'sha384'}, ES512: {id: -36, hash: 'sha512'}, EdDSA: {id: -8, hash: null}
};
const tag18 = 0xd2;
const toSign = (header, payload) => cbor.encode(['Signature1', header, new Uint8Array(0), payload]);
const dsaEncoding = 'ieee-p1363';

// coseSign signs a document as a COSE_Sign1 of the given types.
export function coseSign({name, kid, typ, contentType, document}) {
  const key = keys.get(name);
  const {id, hash} = coseAlgorithms[key.alg];
  const header = cbor.encode(new Map([[1, id], [3, contentType], [4, Buffer.from(kid)], [16, typ]]));
  const payload = Buffer.from(JSON.stringify(document));
  const signature = sign(hash, toSign(header, payload), {key: createPrivateKey({key, format: 'jwk'}), dsaEncoding});
  return text(Buffer.concat([Buffer.of(tag18), cbor.encode([header, new Map(), payload, signature])]));
}

// coseVerify returns the document of a COSE_Sign1 of the given types.
export const coseVerify = ({jwk, kid, typ, contentType, message}) => refusal(() => {
  const raw = bytes(message);
  if(raw[0] !== tag18) {
    throw new Error('no COSE_Sign1');
  }
  const [header, unprotected, payload, signature] = cbor.decode(raw.subarray(1), {useMaps: true});
  const {id, hash} = coseAlgorithms[jwk.alg];
  const h = cbor.decode(header, {useMaps: true});
  if(h.get(1) !== id || h.get(3) !== contentType || h.get(16) !== typ || Buffer.from(h.get(4)).toString() !== kid || !(unprotected instanceof Map) || unprotected.size > 0) {
    throw new Error('another header');
  }
  if(!verify(hash, toSign(header, payload), {key: createPublicKey({key: jwk, format: 'jwk'}), dsaEncoding}, signature)) {
    throw new Error('signature does not verify');
  }
  return JSON.parse(Buffer.from(payload).toString());
});
