// Canonical N-Quads of JSON-LD documents, by jsonld and rdf-canonize, in the
// way in which the cryptosuites call them.
import * as rdfCanonize from 'rdf-canonize';
import jsonld from 'jsonld';
import {contexts as known, loader} from './loader.mjs';

// canonicalForm refuses, as safe mode does, what would be lost.
export async function canonicalForm({document, hash, contexts}) {
  const dataset = await jsonld.toRDF(document, {
    base: null, safe: true, rdfDirection: 'i18n-datatype',
    produceGeneralizedRdf: false, documentLoader: loader(contexts)
  });
  return rdfCanonize.canonize(dataset, {
    algorithm: 'RDFC-1.0', format: 'application/n-quads', messageDigestAlgorithm: hash,
    maxWorkFactor: Infinity, signal: AbortSignal.timeout(5000)
  });
}

// knownContexts are the contexts of the packages, by URL.
export const knownContexts = () => Object.fromEntries(known);
