package jsonld
import ("testing";"os";"encoding/json";"math/rand";"path/filepath";"bufio";"strconv"
"github.com/sanad-credentials/sanad/internal/jcs";"github.com/sanad-credentials/sanad/internal/rdfc")
var pool = []any{"x","", "@id","@foo","http://ex.org/a","urn:x:y","_:b1","_:c14n0","rel","#f","ex:thing","name","Type1","en","EN-us","a b","http://ex.org/a b", 1.0, 1.5, -0.0, 1e21, 1e30, 0.1, 123456789.0, true, false, nil, []any{}, map[string]any{}, []any{"a",[]any{"b"}}, map[string]any{"@value":"v"}, map[string]any{"@value":"v","@language":"DE"}, map[string]any{"@value":1.0,"@type":"http://ex.org/dt"}, map[string]any{"@id":"http://ex.org/n"}, map[string]any{"@id":"http://ex.org/n","http://ex.org/p":"q"}, map[string]any{"@list":[]any{"a","b"}}, map[string]any{"@set":[]any{"a","b"}}, map[string]any{"@graph":[]any{map[string]any{"@id":"http://ex.org/n","http://ex.org/p":"q"}}}, map[string]any{"@type":"@json","@value":map[string]any{"a":nil}}, map[string]any{"@reverse":map[string]any{"http://ex.org/r":map[string]any{"@id":"http://ex.org/o"}}}, map[string]any{"en":"a","de":[]any{"b","c"}}, map[string]any{"@none":"z"}, map[string]any{"http://ex.org/k":map[string]any{"http://ex.org/p":"v"}}}
var keys = []string{"@id","@type","@value","@language","@direction","@index","@graph","@list","@set","@reverse","@included","@nest","@context","@container","@none","@foo","name","id","type","http://ex.org/p","http://ex.org/q","ex:p","_:p","rel","foo","bar","list","lang","map","idmap","typemap","graph","json","rev","nest","vocab","scoped","Type1","pidx","graphid", "unset"}
var ctxs = []string{
`{"ex":"http://ex.org/","id":"@id","type":"@type","name":"ex:name","foo":{"@id":"ex:foo","@type":"@id"},"bar":{"@id":"ex:bar","@type":"ex:dt"},"list":{"@id":"ex:list","@container":"@list"},"lang":{"@id":"ex:lang","@container":"@language"},"map":{"@id":"ex:map","@container":"@index"},"idmap":{"@id":"ex:idmap","@container":"@id"},"typemap":{"@id":"ex:typemap","@container":"@type"},"graph":{"@id":"ex:graph","@container":"@graph"},"json":{"@id":"ex:json","@type":"@json"},"rev":{"@reverse":"ex:rev"},"nest":"@nest","vocab":{"@id":"ex:vocab","@type":"@vocab"},"scoped":{"@id":"ex:scoped","@context":{"inner":"ex:inner","name":"ex:scopedname"}},"Type1":{"@id":"ex:Type1","@context":{"name":"ex:typedname","rel":"ex:rel"}},"Type2":{"@id":"ex:Type2","@context":{"@propagate":true,"name":"ex:typed2"}},"pidx":{"@id":"ex:pidx","@container":"@index","@index":"ex:idx"},"graphid":{"@id":"ex:graphid","@container":["@graph","@id"]},"unset":null}`,
`{"@vocab":"http://vocab.org/#","id":"@id","type":"@type","list":{"@container":"@list"},"lang":{"@container":["@language","@set"]},"foo":{"@type":"@id"},"vocab":{"@type":"@vocab"},"Type1":{"@context":{"@vocab":"http://t1.org/"}},"scoped":{"@context":null},"rev":{"@reverse":"name"},"graph":{"@container":["@graph","@set"]},"json":{"@type":"@json"},"idmap":{"@container":["@id","@set"]},"typemap":{"@container":["@type","@set"]},"nest":"@nest"}`,
`{"@protected":true,"@version":1.1,"@language":"en","id":"@id","type":"@type","ex":"http://ex.org/","name":"ex:name","Type1":{"@id":"ex:T1","@context":{"foo":"ex:tfoo","name":"ex:n2"}},"bar":{"@id":"ex:bar","@language":null},"scoped":{"@id":"ex:s","@type":"@id","@context":[null,{"name":"ex:nn","ex":"http://ex.org/"}]}}`,
`["https://www.w3.org/ns/credentials/v2"]`, `["https://www.w3.org/2018/credentials/v1",{"ex":"http://ex.org/","name":"ex:name"}]`, `["https://www.w3.org/ns/credentials/v2","https://www.w3.org/ns/credentials/undefined-terms/v2"]`, `["https://www.w3.org/ns/did/v1","https://w3id.org/security/suites/jws-2020/v1"]`, `null`, `[]`, `{"@base":"http://base.org/x/y"}`, `{"@vocab":""}`, `{"@base":null}`,`{"@propagate":false,"name":"http://ex.org/np"}`, `{"@direction":"rtl"}`,`{"name":null}`,`{"ex":{"@id":"http://ex.org/z","@prefix":true},"name":"ex:n"}`,`{"@language":"fr-FR"}`,`{"foo":{"@id":"http://ex.org/f","@container":["@set"]}}`,
}
var words=[]string{"VerifiableCredential","issuer","credentialSubject","credentialStatus","proof","validFrom","evidence","relatedResource","description","verifiableCredential","holder","VerifiablePresentation","termsOfUse","DataIntegrityProof","proofPurpose","assertionMethod","verificationMethod","JsonWebKey2020","publicKeyJwk","Multikey","inner","Type2"}
func key(r *rand.Rand) string { if r.Intn(4)==0 {return words[r.Intn(len(words))]}; return keys[r.Intn(len(keys))] }
func clone(v any) any { b,_:=json.Marshal(v); var o any; json.Unmarshal(b,&o); return o }
func val(r *rand.Rand, d int) any {
 switch k:=r.Intn(10); { case k<5||d>4: if r.Intn(6)==0 {return words[r.Intn(len(words))]}; return clone(pool[r.Intn(len(pool))])
 case k<6: n:=r.Intn(3); a:=[]any{}; for range n {a=append(a,val(r,d+1))}; return a
 default: return obj(r,d+1)}}
func obj(r *rand.Rand,d int) map[string]any { m:=map[string]any{}; n:=1+r.Intn(4); for range n { k:=key(r); if k=="@context" { var c any; json.Unmarshal([]byte(ctxs[r.Intn(len(ctxs))]),&c); m[k]=c; continue}
 switch k {case "@id","id": m[k]=[]any{"http://ex.org/s","_:x","rel","urn:u:1"}[r.Intn(4)]; case "@type","type": m[k]=[]any{"Type1","http://ex.org/T",[]any{"Type1","ex:T"},"Type2","VerifiableCredential",[]any{"Type2","Type1"}, "_:t"}[r.Intn(7)]; default: m[k]=val(r,d)}}; return m}
func mutate(r *rand.Rand, v any) any {
 switch t:=v.(type){
 case map[string]any: ks:=[]string{}; for k:=range t {ks=append(ks,k)}; 
  switch r.Intn(8){ case 0: t[key(r)]=val(r,3); case 1: if len(ks)>0 {delete(t,ks[r.Intn(len(ks))])}; case 2: return []any{t}; case 3: if len(ks)>0 {k:=ks[r.Intn(len(ks))]; t[key(r)]=clone(t[k])}; case 4: return map[string]any{[]string{"@set","@list","@graph","@nest","@included"}[r.Intn(5)]:t}
  default: if len(ks)>0 {k:=ks[r.Intn(len(ks))]; t[k]=mutate(r,t[k])}}; return t
 case []any: if len(t)>0&&r.Intn(3)>0 {i:=r.Intn(len(t)); t[i]=mutate(r,t[i])} else {t=append(t,val(r,3))}; return t
 }
 if r.Intn(3)==0 {return val(r,3)}
 return clone(pool[r.Intn(len(pool))])
}
func TestZZGen(t *testing.T){
 seed,_:=strconv.Atoi(os.Getenv("SEED")); n,_:=strconv.Atoi(os.Getenv("N")); r:=rand.New(rand.NewSource(int64(seed)))
 p,_:=New(); var seeds []any
 fs,_:=filepath.Glob("/work/shared/vectors/w3c/json-ld-api/toRdf/*-in.jsonld"); for _,f:=range fs { b,_:=os.ReadFile(f); var v any; if json.Unmarshal(b,&v)==nil {seeds=append(seeds,v)}}
 for range 100 { var v any; json.Unmarshal([]byte(vaccination),&v); seeds=append(seeds,v) }
 out,_:=os.Create("/tmp/h/diff/docs.jsonl"); w:=bufio.NewWriter(out); defer out.Close(); defer w.Flush()
 acc:=0
 for range n { var d any
  if os.Getenv("ONLY")!="" && r.Intn(12)==0 { d=mutate(r,mutate(r,clone(seeds[len(seeds)-1]))) } else if os.Getenv("ONLY")!="" || r.Intn(2)==0 { m:=obj(r,0); var c any; if r.Intn(8)>0 {json.Unmarshal([]byte(ctxs[r.Intn(len(ctxs))]),&c); if r.Intn(4)>0 {json.Unmarshal([]byte(ctxs[r.Intn(3)]),&c)}; m["@context"]=c}; d=m } else { d=clone(seeds[r.Intn(len(seeds))]); for range r.Intn(4) { d=mutate(r,d) } }
  base:=""; if os.Getenv("ONLY")=="" && r.Intn(3)==0 {base="http://base.example/dir/doc"}
  b,_:=json.Marshal(d); v,err:=jcs.Parse(b); if err!=nil {continue}
  q,err:=p.ToRDF(v,Options{Base:base,AnyForm:true}); rec:=map[string]any{"doc":d,"base":base}
  if err!=nil {rec["err"]=err.Error()} else { c,err:=rdfc.Canonicalize(q,rdfc.Options{}); if err!=nil {t.Log(string(b));t.Fatal(err)}; rec["nq"]=string(c.NQuads()); acc++}
  j,_:=json.Marshal(rec); w.Write(j); w.WriteByte('\n') }
 t.Log("accepted",acc,"of",n)
}
