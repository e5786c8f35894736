//! The rules by which documents are judged, each with its source.

use crate::check::Severity;

/// Makes the rules: a name, what it weighs, where it is from, and what it is about.
macro_rules! rules {
    ($($(#[doc = $about:literal])+ $name:ident: $weight:ident, $source:literal;)*) => {
        /// A rule for documents. Names in capitals in the sources are messages of the W3C's feed
        /// validator; "list" is the best-practice list of this project.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $($(#[doc = $about])+ $name,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// What a document is that breaks it.
            pub fn severity(self) -> Severity {
                match self {
                    $(Self::$name => Severity::$weight,)*
                }
            }

            /// Where it is from.
            pub fn source(self) -> &'static str {
                match self {
                    $(Self::$name => $source,)*
                }
            }
        }
    };
}

rules! {
    // The document as a whole.
    /// At most 5,000,000 bytes.
    TooLarge: Error, "ValidatorLimit";
    /// The bytes are UTF-8.
    NotUtf8: Error, "RFC 3629; UnicodeError";
    /// The declaration of an XML document says its encoding.
    EncodingUnstated: Warning, "XML 1.0 section 4.3.3; MissingEncoding, EncodingMismatch";
    /// The media type is the format's own.
    MediaType: Warning, "RFC 4287 section 7, RSS 2.0, JSON Feed 1.1; UnexpectedContentType";
    /// The media type says the encoding, the same as the declaration.
    CharsetUnstated: Warning, "list, HTTP; EncodingMismatch, TextXml";
    /// Well-formed XML with namespaces, without a document type.
    NotWellFormed: Error, "XML 1.0, Namespaces in XML 1.0; SAXError, BadXmlVersion, InvalidDoctype";
    /// No C1 control and no U+FFFD.
    BadCharacter: Warning, "XML 1.0 section 2.2; BadCharacters";
    /// No text between elements.
    StrayText: Error, "RSS 2.0, RFC 4287; UnexpectedText";
    /// The root is the format's own.
    WrongRoot: Error, "RSS 2.0, RFC 4287 section 4.1.1; UndefinedElement, WrongNamespace";
    /// `version` is 2.0.
    RssVersion: Error, "RSS 2.0, rss; InvalidRSSVersion";
    /// Only elements that the format or the namespace has.
    UnknownElement: Error, "RSS 2.0, RFC 4287; UndefinedElement";
    /// Only attributes that the element has.
    UnknownAttribute: Error, "RSS 2.0, RFC 4287; UnexpectedAttribute";
    /// Only namespaces that readers know.
    UnknownNamespace: Warning, "UnknownNamespace";
    /// A usual prefix stands for its usual namespace.
    ReservedPrefix: Warning, "ReservedPrefix, NonstdPrefix";
    /// Atom's own elements have no prefix in Atom.
    AtomPrefix: Warning, "AvoidNamespacePrefix";
    /// What may be there once is there once.
    Repeated: Error, "RSS 2.0, RFC 4287 sections 4.1.1 and 4.1.2; DuplicateElement";
    /// What must be there is there.
    MissingElement: Error, "RSS 2.0, channel, RFC 4287 sections 4.1.1, 4.1.2 and 3.2.1; MissingElement, MissingTitle, MissingLink, MissingDescription";
    /// Attributes that must be there are there.
    MissingAttribute: Error, "RSS 2.0, RFC 4287; MissingAttribute, MissingHref";
    /// What is said of the feed comes before its entries.
    HeadAfterEntries: Error, "RFC 4287 section 4.1.1; MisplacedMetadata";
    /// What RSS says of the channel comes before its items.
    HeadAfterItems: Warning, "RSS 2.0, channel; MisplacedItem";
    /// `description` comes before `content:encoded`.
    ContentFirst: Warning, "RSS Advisory Board profile, list, Content; NeedDescriptionBeforeContent";

    // Identity.
    /// Each entry has an id of its own.
    RepeatedId: Error, "RFC 4287 section 4.1.1, RSS 2.0, guid, JSON Feed 1.1, id; DuplicateValue, DuplicateEntries, DuplicateIds";
    /// Each item has a guid.
    MissingGuid: Warning, "list, Identity; MissingGuid";
    /// A guid is more than a short number.
    WeakGuid: Warning, "RSS 2.0, guid; NotSufficientlyUnique";
    /// A guid is an address unless it says that it is none.
    GuidNoAddress: Error, "RSS 2.0, guid; InvalidHttpGUID, InvalidPermalink";
    /// An id has the form of its scheme, and no blanks around it.
    IdForm: Error, "RFC 4287 section 4.2.6, RFC 8141, RFC 4151, RFC 9562; InvalidURN, InvalidNSS, InvalidUUID, InvalidTAG, InvalidFullLink, InvalidIRI, UnexpectedWhitespace";
    /// An id is in its canonical form.
    IdNotCanonical: Warning, "RFC 4287 section 4.2.6.1; NonCanonicalURI";
    /// An id's scheme is registered.
    IdScheme: Warning, "SchemeNotIANARegistered";

    // Links.
    /// The feed says its own address.
    MissingSelf: Warning, "RFC 4287 section 4.1.1, RSS Advisory Board profile; MissingSelf, MissingAtomSelfLink";
    /// That address is where it is served.
    SelfElsewhere: Warning, "RFC 4287 section 4.2.7.2, list, Links; SelfDoesntMatchLocation, RelativeSelf";
    /// A link is an absolute URI in its ASCII form.
    LinkForm: Error, "RFC 3986, list, Content; InvalidLink, InvalidFullLink, InvalidIRI, InvalidUriChar, UriNotIri";
    /// At most one alternate of a type and language.
    RepeatedAlternate: Error, "RFC 4287 section 4.1.1; DuplicateAtomLink";
    /// An entry's alternate is its first link.
    AlternateNotFirst: Warning, "list, Links";
    /// A link's relation is registered.
    LinkRelation: Warning, "RFC 4287 section 4.2.7.2, IANA link relations; UnregisteredAtomLinkRel";
    /// Atom's own address is that of an Atom document.
    SelfNotAtom: Warning, "SelfNotAtom";
    /// A link has nothing in it.
    LinkNotEmpty: Warning, "AtomLinkNotEmpty";
    /// An entry's link leads elsewhere than to the feed itself.
    SameDocument: Warning, "SameDocumentReference";
    /// A media type has its form.
    MediaTypeForm: Error, "RFC 6838 section 4.2; InvalidMIMEType, InvalidMIMEAttribute";

    // Archives.
    /// The first page has none before it, the last none after it.
    LinkPastEnd: Error, "RFC 5005 section 3; LinkPastEnd";
    /// A complete feed has no pages.
    PagesInCompleteFeed: Error, "RFC 5005 section 2; FeedRelInCompleteFeed";
    /// A complete feed is its own current one.
    CurrentNotSelf: Error, "RFC 5005 section 2; CurrentNotSelfInCompleteFeed";
    /// An archive names the current feed.
    MissingCurrent: Warning, "RFC 5005 section 4.2, list, Links; MissingCurrentInArchive";
    /// Pages are the feed's, not an entry's.
    HistoryInEntry: Warning, "RFC 5005; FeedHistoryRelInEntry";

    // Dates.
    /// A date has its format's form, and is one.
    DateForm: Error, "RSS 2.0, RFC 4287 section 3.3, JSON Feed 1.1; InvalidRFC2822Date, InvalidRFC3339Date, InvalidW3CDTFDate";
    /// The day of the week is that of the date.
    WrongWeekday: Error, "RFC 2822 section 3.3; IncorrectDOW";
    /// Four digits for the year, a numeric zone, no comments.
    UnusualDate: Warning, "list, Identity; ProblematicalRFC822Date";
    /// Not in the future, and not before feeds could tell of it.
    ImplausibleDate: Warning, "list, Identity; ImplausibleDate";
    /// No two entries of one `updated`.
    RepeatedUpdated: Warning, "list, Identity; DuplicateUpdated";

    // What has to be shown.
    /// An item has a title or a description.
    EmptyItem: Error, "RSS 2.0, item; ItemMustContainTitleOrDescription";
    /// An entry has content, or an alternate to go to.
    NothingToRead: Error, "RFC 4287 section 4.1.2; MissingContentOrAlternate";
    /// Content that is elsewhere or no text is summed up.
    MissingSummary: Error, "RFC 4287 section 4.1.2; MissingSummary";
    /// An entry has content or a summary.
    MissingText: Warning, "MissingTextualContent";
    /// Content that is elsewhere says its type.
    MissingType: Warning, "RFC 4287 section 4.1.3.2; MissingTypeAttr";
    /// Nothing is said twice in two vocabularies.
    SaidTwice: Warning, "DuplicateSemantics, DuplicateItemSemantics, DuplicateDescriptionSemantics";

    // Text and HTML.
    /// A text construct is text, html or xhtml.
    TextType: Error, "RFC 4287 section 3.1.1; InvalidTextType";
    /// XHTML is in a div.
    MissingDiv: Error, "RFC 4287 section 3.1.1.3; MissingXhtmlDiv";
    /// HTML is escaped, and text has no elements.
    NotEscaped: Error, "RFC 4287 section 3.1.1; NotEscaped, UndefinedElement";
    /// No markup in titles and names, and in text of the type text.
    Markup: Warning, "list, Content; RFC 4287 section 3.1.1.1; ContainsHTML, ContainsUndeclaredHTML";
    /// No empty titles, names and labels.
    Blank: Warning, "NotBlank, AttrNotBlank";
    /// References in HTML are absolute.
    RelativeReference: Warning, "list, Content; ContainsRelRef";
    /// No script, frame, object or the like.
    ActiveElement: Warning, "list, Content; SecurityRisk";
    /// No `on…` attribute and no address that is a script.
    ActiveAttribute: Warning, "list, Content; SecurityRiskAttr";
    /// No style but the harmless.
    Style: Warning, "list, Content; DangerousStyleAttr";
    /// HTML is HTML: known elements, each closed.
    NotHtml: Warning, "NotHtml, HtmlFragment";

    // People.
    /// A contact of RSS begins with a mail address.
    ContactForm: Error, "RSS 2.0, author, managingEditor, webMaster; InvalidContact";
    /// A mail address is one.
    MailForm: Error, "RFC 4287 section 3.2.3; InvalidAddrSpec";
    /// A contact of RSS has a name in parentheses.
    MissingRealName: Warning, "RSS 2.0, author; MissingRealName, EmailFormat";
    /// A name is no mail address.
    MailInName: Warning, "RFC 4287 section 3.2.1; ContainsEmail";

    // Numbers and other values.
    /// A number is one, within its bounds.
    NumberForm: Error, "RSS 2.0, RFC 4287 section 4.2.7.6; InvalidNonNegativeInteger, InvalidPositiveInteger, InvalidIntegerAttribute, InvalidHour";
    /// A word is one of those that there are.
    WordForm: Error, "RSS 2.0, guid, skipDays; InvalidBooleanAttribute, InvalidDay";
    /// A language is one.
    LanguageForm: Error, "BCP 47; InvalidLanguage";
    /// The channel's picture is at most 144 wide and 400 high.
    ImageSize: Error, "RSS 2.0, image; InvalidWidth, InvalidHeight";
    /// The picture's title is the channel's.
    ImageTitle: Warning, "RSS 2.0, image; ImageTitleDoesntMatch";
    /// The picture's link is the channel's.
    ImageLink: Warning, "RSS 2.0, image; ImageLinkDoesntMatch";
    /// The picture is a GIF, JPEG or PNG.
    ImageFormat: Warning, "RSS 2.0, image; ImageUrlFormat";
    /// At most one enclosure.
    Enclosures: Warning, "RSS Advisory Board profile; DuplicateEnclosure";
    /// No text input.
    TextInput: Warning, "RSS Advisory Board profile; AvoidTextInput";

    // Other namespaces.
    /// An element's text has its form.
    ValueForm: Error, "Apple's podcast requirements, Dublin Core, GeoRSS, RFC 4685; InvalidDuration, InvalidYesNo, InvalidYesNoClean, TooLong, InvalidW3CDTFDate, InvalidLatitude, InvalidCoordList";
    /// A category is one of Apple's.
    ItunesCategory: Error, "Apple's podcast requirements; InvalidItunesCategory";
    /// A podcast has a picture, a category and says whether it is explicit.
    ItunesMissing: Warning, "Apple's podcast requirements; MissingItunesElement";
    /// A podcast's owner has a mail address.
    ItunesMail: Warning, "Apple's podcast requirements; MissingItunesEmail";
    /// An episode is of a kind that players play.
    ItunesFormat: Warning, "Apple's podcast requirements; UnsupportedItunesFormat";
    /// Attributes of media have their form.
    MediaForm: Error, "Media RSS 1.5.1; InvalidMedia…";
    /// A group of media has alternatives.
    MediaGroup: Error, "Media RSS 1.5.1; MediaGroupWithoutAlternatives";
    /// A tombstone says whose it is and since when.
    Tombstone: Error, "RFC 6721 section 3";

    // JSON Feed.
    /// An object in JSON.
    NotJson: Error, "RFC 8259, JSON Feed 1.1";
    /// `version` is that of 1.1.
    JsonVersion: Error, "JSON Feed 1.1, version";
    /// A member that must be there is there.
    JsonMissing: Error, "JSON Feed 1.1";
    /// A member is of its type.
    JsonType: Error, "JSON Feed 1.1";
    /// Only members that there are; extensions begin with `_`.
    JsonUnknown: Error, "JSON Feed 1.1, Extensions";
}
