package trustlist

import "strings"

// CountryNames returns the spellings under which a country appears as issuer,
// given any of them: its ISO 3166-1 alpha-2 code first, then alpha-3, then what
// else is in use for it. It returns nil for a code that it doesn't know: since
// an [Entry] without names speaks for any issuer, a parser then names the code
// itself.
//
// Beside ISO 3166-1 it knows
//   - XK and XKX, Kosovo: user-assigned, in the value set of the EU certificate
//     (country-2-codes);
//   - EL and UK, which EU institutions write for Greece and the United Kingdom.
//     That value set has neither, eIDAS trusted lists have both;
//   - the test countries of WHO's network: XA to XZ are written XXA to XXZ as
//     participants, and XL and XM also XCL and XML. XXK stands alone: a test
//     country must not speak for Kosovo.
//
// Codes are in capitals and are known only so: a folder named "my" is not
// Malaysia.
func CountryNames(code string) []string {
	if names := testCountry(code); names != nil {
		return names
	}
	switch code {
	case "EL":
		code = "GR"
	case "UK":
		code = "GB"
	}
	for i := 0; i < len(iso3166); i += 6 {
		two, three := iso3166[i:i+2], iso3166[i+2:i+5]
		if code != two && code != three {
			continue
		}
		switch two {
		case "GR":
			return []string{two, three, "EL"}
		case "GB":
			return []string{two, three, "UK"}
		}
		return []string{two, three}
	}
	return nil
}

// testCountry returns the spellings of a test country.
func testCountry(code string) []string {
	switch code {
	case "XXK":
		return []string{code}
	case "XCL":
		code = "XL"
	case "XML":
		code = "XM"
	}
	if len(code) == 3 && strings.HasPrefix(code, "XX") {
		code = code[1:]
	}
	if len(code) != 2 || code[0] != 'X' || code[1] < 'A' || code[1] > 'Z' || code == "XK" {
		return nil
	}
	names := []string{code, "X" + code}
	switch code {
	case "XL":
		names = append(names, "XCL")
	case "XM":
		names = append(names, "XML")
	}
	return names
}

// Territory returns the ISO 3166-1 alpha-2 code, or the two-letter code of a
// test country, for a code that [CountryNames] knows; else nothing.
func Territory(code string) string {
	if names := CountryNames(code); len(names) > 0 && len(names[0]) == 2 {
		return names[0]
	}
	return ""
}

// iso3166 has the alpha-2 and alpha-3 code of each country, 6 bytes with the
// space, in the edition of 2020 with Kosovo added.
const iso3166 = "" +
	"ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS " +
	"AWABW AXALA AZAZE BABIH BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM " +
	"BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN CCCCK " +
	"CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN COCOL CRCRI CUCUB CVCPV " +
	"CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST EGEGY " +
	"EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA GAGAB GBGBR GDGRD " +
	"GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM " +
	"GUGUM GWGNB GYGUY HKHKG HMHMD HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN " +
	"ININD IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM JOJOR JPJPN KEKEN KGKGZ KHKHM " +
	"KIKIR KMCOM KNKNA KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA LILIE LKLKA " +
	"LRLBR LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL " +
	"MKMKD MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI " +
	"MXMEX MYMYS MZMOZ NANAM NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU " +
	"NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM PNPCN PRPRI " +
	"PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA SASAU SBSLB SCSYC " +
	"SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD " +
	"STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS " +
	"TMTKM TNTUN TOTON TRTUR TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI USUSA UYURY " +
	"UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR VNVNM VUVUT WFWLF WSWSM XKXKX YEYEM YTMYT " +
	"ZAZAF ZMZMB ZWZWE "
