// Canonical N-Quads of JSON-LD documents, by jsonld and rdf-canonize, in the
// way in which the cryptosuites call them.
import * as rdfCanonize from 'rdf-canonize';
import jsonld from 'jsonld';
import context from 'jsonld/lib/context.js';
import {contexts as known, loader} from './loader.mjs';

// mended is a mode of jsonld with one line more: a context on top of another
// inherits its base direction, as it does its language (jsonld.js issue 586, open).
// It is a name that jsonld takes for a later mode than json-ld-1.1.
const mended = 'json-ld-1.1-mended';
const initial = context.getInitialContext({processingMode: mended});
const {clone} = initial;
initial.clone = function() {
  const child = clone.call(this);
  if('@direction' in this) {
    child['@direction'] = this['@direction'];
  }
  return child;
};

// canonicalForm refuses, as safe mode does, what would be lost.
export async function canonicalForm({document, hash, contexts, inherit}) {
  const dataset = await jsonld.toRDF(document, {
    base: null, safe: true, processingMode: inherit ? mended : 'json-ld-1.1', rdfDirection: 'i18n-datatype',
    produceGeneralizedRdf: false, documentLoader: loader(contexts)
  });
  return rdfCanonize.canonize(dataset, {
    algorithm: 'RDFC-1.0', format: 'application/n-quads', messageDigestAlgorithm: hash,
    maxWorkFactor: Infinity, signal: AbortSignal.timeout(5000)
  });
}

// knownContexts are the contexts of the packages, by URL.
export const knownContexts = () => Object.fromEntries(known);
