package jsonld
import ("testing";"os";"encoding/json";"bufio";"fmt";"strings";"github.com/piprate/json-gold/ld"
"github.com/sanad-credentials/sanad/internal/rdfc";"github.com/sanad-credentials/sanad/internal/jcs")
type gl struct{}
func (gl) LoadDocument(u string)(*ld.RemoteDocument,error){ for _,e:=range embedded { if e.url==u { b,_:=files.ReadFile("contexts/"+e.file+".jsonld"); var v any; json.Unmarshal(b,&v); return &ld.RemoteDocument{DocumentURL:u,Document:v},nil}}; return nil,fmt.Errorf("x")}
func TestZYGold(t *testing.T){
 f,_:=os.Open("/tmp/h/diff/docs.jsonl"); s:=bufio.NewScanner(f); s.Buffer(nil,1<<24); cnt:=map[string]int{}; ex:=map[string][]string{}
 for s.Scan(){ var r struct{Doc any; Base string; Nq *string; Err string}; json.Unmarshal(s.Bytes(),&r)
  k:="";nq:=""
  func(){ defer func(){ if e:=recover();e!=nil {k="PANIC "+fmt.Sprint(e)}}()
   o:=ld.NewJsonLdOptions(r.Base); o.DocumentLoader=gl{}; o.SafeMode=true; o.Format="application/n-quads"; o.Algorithm="URDNA2015"
   b,_:=json.Marshal(r.Doc); var d any; json.Unmarshal(b,&d)
   if err:=func() error { _,err:=ld.NewJsonLdProcessor().Expand(d,o); return err}(); err!=nil { k="ERR "+err.Error(); return}
   x,err:=ld.NewJsonLdProcessor().ToRDF(d,o); if err!=nil {k="ERR "+err.Error();return}; nq=x.(string)
  }()
  if i:=strings.Index(k,":"); i>0 {k=k[:i]}
  if k=="" { q,err:=rdfc.ParseNQuads([]byte(nq)); if err!=nil {k="BADNQ"} else {c,err:=rdfc.Canonicalize(q,rdfc.Options{}); if err!=nil {k="CANON"} else {nq=string(c.NQuads())}}}
  if r.Nq==nil { if k=="" { r.Err=r.Err[strings.Index(r.Err,": ")+2:]; r.Err=r.Err[strings.Index(r.Err,": ")+2:]; k="GOLD accepts; we: "+r.Err } else if k[:2]=="PA" {k="we refuse; "+k} else {k="both refuse"} } else if k=="" { if nq==*r.Nq {k="same"} else {k="DIFF"; if r.Base!="" || strings.Contains(string(s.Bytes()),"@base")||strings.Contains(string(s.Bytes()),"@json") {k="BASEDIFF"}; if strings.Contains(string(s.Bytes()),"\"nest\":{\"@context") {k="NEST"} } } else {k="WE accept; gold "+k}
  cnt[k]++; b,_:=json.Marshal(r.Doc); m:=string(b); if k=="DIFF" {m+="\nWE "+*r.Nq+"GOLD "+nq}; ex[k]=append(ex[k],m)
 }
 for k,n:=range cnt { fmt.Println(n,k); if strings.HasPrefix(k,"DIFF")||strings.HasPrefix(k,"WE")||strings.Contains(k,"PANIC") { m:=ex[k]; for j:=0;j<14;j++ { b:=j; for i:=j;i<len(m);i++ { if len(m[i])<len(m[b]) {b=i}}; if j<len(m) {m[j],m[b]=m[b],m[j]; x:=m[j]; if len(x)>500 {x=x[:500]}; fmt.Println("    ",x)}}}}
 _=jcs.Null
}
