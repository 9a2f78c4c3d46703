"""The Turkish phrases; what a word means stands at its end, so most are stems."""
# ruff: noqa: RUF001 - the dotless i is a letter of its own

from voice.instruction_phrases.grammar import PhraseTable

_CORE = (
    "talimat*|yönerge*|kuralları*|kurallarını*|komutları*|komutlarını*|yönlendirme*|"
    "kısıtlama*|direktif*|emirleri*|emirlerini*"
)
_YOURS = "talimatlarını*|talimatlarınızı*|yönergelerini*|kurallarını*|komutlarını*|emirlerini*"
_IGNORE = (
    "yok+say*|yoksay*|görmezden+gel*|unut|unutun|unutunuz|dikkate+alma*|önemseme*|boşver|uyma|"
    "uymayın|iptal+et|geçersiz+kıl*|göz+ardı+et*|gözardı+et*|sil|çiğne*|atla|bırak"
)
_PROMPT = "sistem+istemi*|sistem+komutu*|sistem+mesajı*|sistem+promptu*|gizli+talimat*|promptu*"
_SHOW = (
    "göster*|söyle*|oku|okuyun|açıkla*|paylaş*|ver|verin|yaz|yazdır*|tekrarla*|ifşa+et*|"
    "anlat*|nedir|listele*"
)
_FUTURE = "bundan+sonra|şu+andan+itibaren|bundan+böyle|artık|her+aramada|bugünden+itibaren"
_CHECK = "doğrulama*|kimlik+kontrol*|kimlik+doğrulama*|güvenlik+sorusu*|onay|onaya|onayı"
_NEEDLESS = "gerekmez|gerekmiyor|gerek+yok|gereksiz|gerekli+değil*|zorunlu+değil*|şart+değil*"
_DO = (
    "bağla*|ver|verin|söyle*|aktar*|yap|yapın|onayla*|de|deyin|iade+et*|uygula*|tanı|tanıyın|"
    "göster*|atla*"
)

TURKISH = PhraseTable(
    leads="lütfen|ve|şimdi|o+zaman|tamam|hey|dinle|sen|siz|hemen|hep|sadece|ama|merhaba",
    phrases=f"""
        önceki|tüm|bütün|yukarıdaki|verilen|eski|mevcut|sistem ..2 {_CORE} ..1 {_IGNORE},
        {_YOURS} ..1 {_IGNORE},
        {_IGNORE} (tüm|bütün|önceki)2 {_YOURS},
        sana|size ..1 söylenen*|verilen*|öğretilen* ..2 {_IGNORE},
        {_PROMPT} ..2 {_SHOW},
        {_SHOW} ..1 {_PROMPT},
        gizli|iç|dahili {_CORE} ..2 {_SHOW},
        {_FUTURE} ..3 her|bütün|tüm|hep|sadece|yalnızca ..3 cevap|yanıt|evet|onayla*|de,
        {_FUTURE} ..2 kuralları|kuralı|sınırı|sınırsız|kısıtlaması|filtresi olmayan|bir|yok,
        artık|şimdi ..1 bir ..3 korsansın|yapay+zekasın|asistansın|hackersın|dansın,
        hiçbir kuralın|kısıtlaman|sınırın|filtren yok,
        bu|her|sonraki|herhangi+bir arayan|müşteri|numara|kişi ..1 aradığında|ararsa|arayınca ..4
            {_DO},
        her|tüm|bütün|sonraki arayana|arayanlara|müşteriye|müşterilere ..5 söyle*|de|ver,
        tüm|bütün|diğer|başka|müşteri|müşterilerin müşterilerin|listesini|numaralarını|
            bilgilerini|adreslerini|verilerini ..2 {_SHOW},
        {_CHECK} ..1 atla|atlayın|atlasın|geç|geçin|yapma|yapmayın|isteme|istemeyin|sorma|kapat,
        {_CHECK} ..1 {_NEEDLESS},
        {_CHECK} ..1 almadan|istemeden|yapmadan ..3 {_DO},
        aramamda|aradığımda|ararsam|aradığım+zaman ..5 indirim*|bedava|ücretsiz|para|iade ..2 {_DO},
        aramamda|aradığımda|ararsam|aradığım+zaman ..2 sormadan|doğrulamadan|kontrol+etmeden ..4
            {_DO},
        bunu|bu+notu|bu+mesajı|bunları okuduğunda|okuyunca|okursan|gördüğünde|okuyorsan ..4 {_DO},
        yönetici|admin|sistem|personel şifresini|parolasını|şifre*|parola* ..1 {_SHOW},
        biri|birisi|herhangi+biri|müşteriler|arayanlar|kim ..3 sorarsa|sorduğunda|sorunca ..4
            de|deyin|söyle|söyleyin|cevap+ver|yalan+söyle,
        sonraki|her|bu arayan|arayanın|müşterinin ..2 istediğini|dediğini|ne+isterse|ne+derse ..1
            yap|yapın|ver,
        ^ dediğimi|söylediğimi|istediğimi|ne+dersem|ne+istersem ..1 yap|yapın,
        tüm|bütün kayıtları|verileri|bilgileri|dosyaları|notları ..1 sil|silin|yok+et,
        güvenlik kurallarını|politikasını|kuralları ..1 {_IGNORE},
        tam|sınırsız|yönetici erişim|yetki|yetkisi ..1 ver|verin|tanı|sağla,
        bana itaat+et*,
        geliştirici+modu*|jailbreak|hata+ayıklama+modu*,
        senin geliştiricin|yaratıcın|yöneticin|programcın $,
    """,
)
