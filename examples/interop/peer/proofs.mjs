// Credentials and presentations with embedded proofs, by @digitalbazaar/vc and
// the cryptosuites beside it.
import * as vc from '@digitalbazaar/vc';
import * as bbs2023 from '@digitalbazaar/bbs-2023-cryptosuite';
import * as Bls12381Multikey from '@digitalbazaar/bls12-381-multikey';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as ecdsaJcs from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import * as ecdsaSd from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as eddsaJcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {checkStatus as checkBitstring} from '@digitalbazaar/vc-bitstring-status-list';
import {cryptosuite as ecdsaRdfc} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import {cryptosuite as eddsaRdfc} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import jsigs from 'jsonld-signatures';
import {loader} from './loader.mjs';

const {AssertionProofPurpose, AuthenticationProofPurpose} = jsigs.purposes;
const both = cryptosuite => ({sign: () => cryptosuite, verify: () => cryptosuite});
const cryptosuites = {
  'eddsa-jcs-2022': {sign: eddsaJcs.createSignCryptosuite, verify: eddsaJcs.createVerifyCryptosuite},
  'ecdsa-jcs-2019': {sign: ecdsaJcs.createSignCryptosuite, verify: ecdsaJcs.createVerifyCryptosuite},
  'eddsa-rdfc-2022': both(eddsaRdfc),
  'ecdsa-rdfc-2019': both(ecdsaRdfc),
  'ecdsa-sd-2023': {
    sign: ecdsaSd.createSignCryptosuite, derive: ecdsaSd.createDiscloseCryptosuite, verify: ecdsaSd.createVerifyCryptosuite
  },
  'bbs-2023': {
    sign: bbs2023.createSignCryptosuite, derive: bbs2023.createDiscloseCryptosuite, verify: bbs2023.createVerifyCryptosuite
  }
};
const keys = new Map();

function generate(curve) {
  switch(curve) {
    case 'Ed25519':
      return Ed25519Multikey.generate();
    case 'BLS12-381':
      return Bls12381Multikey.generateBbsKeyPair({algorithm: Bls12381Multikey.ALGORITHMS.BBS_BLS12381_SHA256});
  }
  return EcdsaMultikey.generate({curve});
}

// keyPair makes a key and returns its did:key. The private key stays here.
export async function keyPair({curve}) {
  const pair = await generate(curve);
  const did = 'did:key:' + pair.publicKeyMultibase;
  pair.id = `${did}#${pair.publicKeyMultibase}`;
  pair.controller = did;
  keys.set(did, pair);
  return did;
}

function signingSuite({suite, did, proof = {}, created, mandatoryPointers}) {
  const pair = keys.get(did);
  const signer = {...pair.signer(), id: pair.id};
  const date = created && new Date(created);
  const made = suite === 'Ed25519Signature2020' ?
    new Ed25519Signature2020({signer, date}) :
    new DataIntegrityProof({signer, date, cryptosuite: cryptosuites[suite].sign({mandatoryPointers})});
  if(Object.keys(proof).length > 0) {
    made.proof = proof;
  }
  return made;
}

// Each verification has its own suites, as they remember what they canonised: all
// of them, or the cryptosuites named.
const verifyingSuites = (names = Object.keys(cryptosuites)) => [
  new Ed25519Signature2020(),
  ...names.map(name => new DataIntegrityProof({cryptosuite: cryptosuites[name].verify()}))
];

const list = x => x === undefined ? [] : Array.isArray(x) ? x : [x];

// before returns the proofs that a proof says it comes after.
function before(proof, proofs) {
  return list(proof.previousProof).map(id => {
    const found = proofs.filter(p => p.id === id);
    if(id === undefined || found.length !== 1) {
      throw new Error('previousProof names no proof');
    }
    return found[0];
  });
}

// issue adds a proof to a credential, which may have others. The packages know
// sets but not chains: for previousProof the earlier proofs are put into what
// is signed here, as Data Integrity 1.0, section 4.2, has it.
export async function issue({credential, previous, ...options}) {
  const suite = signingSuite(options);
  const documentLoader = loader();
  if(previous === undefined) {
    return vc.issue({credential, suite, documentLoader});
  }
  const {proof: existing, ...document} = credential;
  suite.proof = {...suite.proof, previousProof: previous};
  const proof = await suite.createProof({
    document: {...document, proof: before(suite.proof, list(existing))},
    purpose: new AssertionProofPurpose(), proofSet: [], documentLoader
  });
  return {...document, proof: [...list(existing), proof]};
}

// derive shows a part of a credential with a base proof.
export const derive = ({credential, suite, selectivePointers}) => vc.derive({
  verifiableCredential: credential, documentLoader: loader(),
  suite: new DataIntegrityProof({cryptosuite: cryptosuites[suite].derive({selectivePointers})})
});

// time does an operation several times and returns the milliseconds of each.
export async function time({op, times, ...args}) {
  const operation = {verify, derive}[op];
  const taken = [];
  for(let i = 0; i < times; ++i) {
    const start = performance.now();
    await operation(args);
    taken.push(performance.now() - start);
  }
  return taken;
}

// verify throws unless every proof of a credential verifies. A single proof
// must be its issuer's.
export async function verify({credential, now, lists, names}) {
  const proofs = list(credential.proof);
  if(proofs.some(p => p.previousProof !== undefined)) {
    return verifyChain(credential, proofs);
  }
  const result = await vc.verifyCredential({
    credential, now, suite: verifyingSuites(names), documentLoader: loader(lists), checkStatus: bits,
    ...proofs.length > 1 && {purpose: new AssertionProofPurpose()}
  });
  all(result, proofs.length);
  return true;
}

// bits looks up without verifying the list: the package would do so by its own
// clock. Whoever gives lists has verified them before.
const bits = ({credential, documentLoader}) =>
  checkBitstring({credential, documentLoader, verifyBitstringStatusListCredential: false});

function all(result, count) {
  if(!result.verified || result.results.length !== count || !result.results.every(r => r.verified)) {
    const causes = [result.error, ...(result.results ?? []).map(r => r.error)].flatMap(e => e?.errors ?? list(e ?? undefined));
    throw new Error(causes.map(e => e.message).join('; ') || 'not verified');
  }
}

async function verifyChain(credential, proofs) {
  const {proof: _, ...document} = credential;
  const documentLoader = loader();
  vc._checkCredential({credential, mode: 'issue'});
  for(const proof of proofs) {
    const previous = before(proof, proofs);
    let suite;
    for(const s of verifyingSuites()) {
      suite = await s.matchProof({proof, document, documentLoader}) ? s : suite;
    }
    const {verified, error} = await suite.verifyProof({
      proof, proofSet: [], documentLoader,
      document: previous.length === 0 ? {...document} : {...document, proof: previous}
    });
    if(!verified) {
      throw error;
    }
  }
  return true;
}

// present makes a presentation of credentials and signs it for one exchange.
export async function present({credentials, challenge, domain, now, version, contexts, ...options}) {
  const presentation = vc.createPresentation({verifiableCredential: credentials, holder: options.did, now, version});
  presentation['@context'].push(...contexts ?? []);
  return vc.signPresentation({
    presentation, challenge, domain, suite: signingSuite(options), documentLoader: loader()
  });
}

// verifyPresentation throws unless the presentation and all in it verify.
export async function verifyPresentation({presentation, challenge, domain, now}) {
  const result = await vc.verify({
    presentation, now, suite: verifyingSuites(), documentLoader: loader(),
    presentationPurpose: new AuthenticationProofPurpose({challenge, domain})
  });
  if(!result.verified) {
    throw new Error(result.error?.message ?? 'not verified');
  }
  all(result.presentationResult, list(presentation.proof).length);
  return true;
}
