package jsonld
import ("testing";"os";"crypto/sha256";"github.com/sanad-credentials/sanad/internal/jcs";"path/filepath";"fmt";"strings")
func TestZX(t *testing.T){
 V:="/work/shared/vectors/gdhcn/"; var ex []Context
 add:=func(u,f string){ b,err:=os.ReadFile(V+f); if err!=nil {t.Fatal(err)}; ex=append(ex,Context{u,b,sha256.Sum256(b)})}
 add("https://cowin.gov.in/credentials/vaccination/v1","divoc-contexts/DIVOCVaccinationContextV1.json")
 add("https://cowin.gov.in/credentials/vaccination/v2","divoc-contexts/DIVOCVaccinationContextV2.json")
 add("https://w3id.org/security/v3-unstable","divoc-contexts/security-v3-unstable.jsonld")
 for _,n:=range []string{"v1","v1-dev","v1-uat"} { add("https://x/"+n,"did_contexts/"+n+".jsonld") }
 p,err:=New(ex...); if err!=nil {t.Fatal(err)}
 fs,_:=filepath.Glob(V+"qr/*Unpacked.json"); filepath.WalkDir(V,func(f string,_ os.DirEntry,_ error) error { if strings.HasSuffix(f,"did.json")&&len(fs)<12 {fs=append(fs,f)}; return nil})
 filepath.WalkDir("/work/shared/vectors/w3c",func(f string,_ os.DirEntry,_ error) error { if strings.HasSuffix(f,".json")&&!strings.Contains(f,"json-ld-api")&&!strings.Contains(f,"rdf-canon") {fs=append(fs,f)}; return nil})
 for _,f:=range fs { b,_:=os.ReadFile(f); v,err:=jcs.Parse(b); if err!=nil {fmt.Println(f,err);continue}; if !v.Member("@context").Exists() {continue}; q,err:=p.ToRDF(v,Options{Omit: []string{"proof"}}); fmt.Println(strings.TrimPrefix(f,"/work/shared/vectors/"),len(q),err); if pr:=v.Member("proof"); pr.Kind()==jcs.Object { q,err=p.ToRDF(pr,Options{Context:v.Member("@context"),Omit:[]string{"proofValue","jws"}}); fmt.Println("   proof",len(q),err)} }
}
