// SD-JWT VCs, by @sd-jwt/sd-jwt-vc. Keys are on P-256; the private ones stay here.
import {createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, verify} from 'node:crypto';
import {KBJwt} from '@sd-jwt/core';
import {SDJwtVcInstance} from '@sd-jwt/sd-jwt-vc';

const keys = new Map();
const dsaEncoding = 'ieee-p1363';
const hasher = data => new Uint8Array(createHash('sha256').update(typeof data === 'string' ? data : Buffer.from(data)).digest());
const signer = jwk => {
  const key = createPrivateKey({key: keys.get(jwk.x), format: 'jwk'});
  return data => sign('sha256', Buffer.from(data), {key, dsaEncoding}).toString('base64url');
};
const verifier = jwk => {
  const key = createPublicKey({key: jwk, format: 'jwk'});
  return (data, signature) => verify('sha256', Buffer.from(data), {key, dsaEncoding}, Buffer.from(signature, 'base64url'));
};
const instance = options => new SDJwtVcInstance({
  hasher, hashAlg: 'sha-256', saltGenerator: n => randomBytes(n).toString('base64url'), signAlg: 'ES256', kbSignAlg: 'ES256', ...options
});

// sdJwtKey makes a key and returns its public half.
export async function sdJwtKey() {
  const {privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const {d, ...jwk} = privateKey.export({format: 'jwk'});
  keys.set(jwk.x, {d, ...jwk});
  return jwk;
}

// sdJwtIssue hides what the frame names.
export async function sdJwtIssue({issuer, kid, payload, frame}) {
  return instance({signer: signer(issuer)}).issue(payload, frame, {header: {kid}});
}

// sdJwtPresent shows what the frame names, with a key binding of the holder. The
// package's own present with a key binding makes the presentation twice, changes
// what it holds the first time, and so may hash one with a disclosure that the one
// it returns lacks: where something is hidden in a plain object inside of what is
// disclosed. So it presents once here, and the binding is added.
export async function sdJwtPresent({token, frame, holder, aud, nonce, iat}) {
  const shown = await instance({}).present(token, frame);
  const binding = new KBJwt({
    header: {typ: 'kb+jwt', alg: 'ES256'},
    payload: {aud, nonce, iat, sd_hash: Buffer.from(hasher(shown)).toString('base64url')}
  });
  await binding.sign(signer(holder));
  return shown + binding.encodeJwt();
}

// sdJwtVerify returns the claims. With a nonce it wants a key binding for it. The
// audience is for its user to compare. What the package throws is a refusal, also
// where that is what JSON.parse throws.
export async function sdJwtVerify({token, issuer, aud, nonce, now}) {
  const {payload, kb} = await instance({
    verifier: verifier(issuer), kbVerifier: (data, signature, {cnf}) => verifier(cnf.jwk)(data, signature)
  }).verify(token, {currentDate: now, keyBindingNonce: nonce}).catch(e => {
    throw new Error(e.message);
  });
  if(nonce && kb.payload.aud !== aud) {
    throw new Error('another audience');
  }
  return payload;
}
