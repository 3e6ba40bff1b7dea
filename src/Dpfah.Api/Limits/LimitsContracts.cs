namespace Dpfah.Api.Limits;

/// <summary>The limits that are in force.</summary>
/// <param name="Bodies">Bodies of requests, in bytes.</param>
/// <param name="Pictures">Pictures.</param>
/// <param name="Searches">What a search or a list may ask for.</param>
/// <param name="Texts">Ids, names, labels and metadata.</param>
/// <param name="Imports">Uploads for an import.</param>
/// <param name="Rates">Requests by time.</param>
/// <param name="Times">How long things may take, in seconds.</param>
/// <param name="Connections">Connections, and the heads of requests.</param>
/// <param name="Shards">Parts of a collection on the nodes of a cluster.</param>
public sealed record LimitsResponse(
    BodyLimits Bodies,
    PictureLimits Pictures,
    SearchRequestLimits Searches,
    TextLimits Texts,
    ImportRequestLimits Imports,
    RateLimitsInForce Rates,
    TimeLimits Times,
    ConnectionLimits Connections,
    ShardLimits Shards);

/// <summary>Parts of a collection on the nodes of a cluster.</summary>
/// <param name="PerCollection">Most shards of a collection.</param>
/// <param name="Replicas">Most copies of a shard.</param>
/// <param name="Wait">How long a search waits for a shard before it does without, in seconds.</param>
public sealed record ShardLimits(int PerCollection, int Replicas, double Wait);

/// <summary>Bodies of requests, in bytes.</summary>
/// <param name="Request">Of any request but those below.</param>
/// <param name="Json">Of JSON.</param>
/// <param name="Batch">Of a batch of searches.</param>
/// <param name="Import">Of an upload for an import.</param>
/// <param name="Model">Of a model that is imported.</param>
/// <param name="ModelHead">Of its head file.</param>
/// <param name="Spooled">Of all uploads together that are stored until their work is done.</param>
/// <param name="PicturesInFlight">Of all pictures together that are being read.</param>
/// <param name="Field">Of a field of multipart/form-data that is no picture.</param>
/// <param name="Fields">Most such fields of a request.</param>
/// <param name="LeastPerSecond">Least bytes a second of a body, after its first seconds.</param>
public sealed record BodyLimits(
    long Request, long Json, long Batch, long Import, long Model, long ModelHead, long Spooled, long PicturesInFlight, int Field, int Fields,
    double? LeastPerSecond);

/// <summary>Pictures.</summary>
/// <param name="Pixels">Most pixels, by the header.</param>
/// <param name="JpegScans">Most scans of a JPEG.</param>
/// <param name="Formats">Formats that are accepted.</param>
/// <param name="PreviewShorterSide">The preview's shorter side has at most so many pixels.</param>
/// <param name="PreviewLongerSide">Its longer side has at most so many; what is narrower is cut.</param>
/// <param name="InWork">Pictures of searches and uploads that are decoded and hashed, or wait for that, at once on a node.</param>
/// <param name="PerCollection">Most pictures of a collection.</param>
/// <param name="DecodingSeconds">How long decoding one may take; null where it is not done in a process of its own, and nothing ends it.</param>
/// <param name="JobDecodingSeconds">The same for a picture of an import.</param>
/// <param name="DecodingBytes">Most memory of a process that decodes, in bytes; null where there is no limit.</param>
public sealed record PictureLimits(
    long Pixels,
    int JpegScans,
    IReadOnlyList<string> Formats,
    int PreviewShorterSide,
    int PreviewLongerSide,
    int InWork,
    long? PerCollection,
    double? DecodingSeconds,
    double? JobDecodingSeconds,
    long? DecodingBytes);

/// <summary>What a search or a list may ask for.</summary>
/// <param name="K">Most pictures a page.</param>
/// <param name="Bits">Longest code, and greatest radius.</param>
/// <param name="Batch">Most queries of a batch.</param>
/// <param name="Collections">Most collections of a search.</param>
/// <param name="FilterBytes">Longest filter, in bytes.</param>
/// <param name="FilterDepth">Deepest nesting of a filter.</param>
/// <param name="LabelBytes">All labels of a filter together, in bytes.</param>
/// <param name="ListItems">Most entries of a page of a list.</param>
public sealed record SearchRequestLimits(
    int K, int Bits, int Batch, int Collections, int FilterBytes, int FilterDepth, int LabelBytes, int ListItems);

/// <summary>Ids, names, labels and metadata.</summary>
/// <param name="Id">Most characters of a picture's id.</param>
/// <param name="CollectionName">Most characters of a collection's name.</param>
/// <param name="Labels">Most labels of a picture.</param>
/// <param name="Label">Most characters of a label.</param>
/// <param name="MetadataBytes">Most bytes of a picture's metadata.</param>
/// <param name="MetadataDepth">Deepest nesting of metadata.</param>
/// <param name="KeyCollections">Most collections that an API key can be limited to.</param>
public sealed record TextLimits(int Id, int CollectionName, int Labels, int Label, int MetadataBytes, int MetadataDepth, int KeyCollections);

/// <summary>Uploads for an import; their length is <see cref="BodyLimits.Import"/>.</summary>
/// <param name="Picture">Most bytes of a picture.</param>
/// <param name="Line">Most bytes of a line of NDJSON.</param>
/// <param name="Row">Most characters of a row of CSV, and bytes of a line of a manifest.</param>
/// <param name="Manifest">Bytes that any manifest may have; that of a larger archive as many as the archive.</param>
/// <param name="ManifestLines">Most lines of a manifest with an entry.</param>
/// <param name="Directory">Most bytes of a zip's directory.</param>
/// <param name="Expansion">How many times its own size an archive may unpack to.</param>
/// <param name="Unpacked">Bytes that any archive may unpack to, however small it is.</param>
public sealed record ImportRequestLimits(
    long Picture, long Line, int Row, long Manifest, int ManifestLines, long Directory, int Expansion, long Unpacked);

/// <summary>Requests by time.</summary>
/// <param name="RequestsPerSecond">Of a key; where none is needed, of an address.</param>
/// <param name="AnonymousRequestsPerSecond">Of an address without a good key, where one is needed.</param>
/// <param name="BurstSeconds">How many seconds' worth may come at once.</param>
/// <param name="FailedKeysPerMinute">Wrong keys of an address.</param>
public sealed record RateLimitsInForce(long? RequestsPerSecond, long? AnonymousRequestsPerSecond, int BurstSeconds, long? FailedKeysPerMinute);

/// <summary>How long things may take, in seconds.</summary>
/// <param name="Request">A request.</param>
/// <param name="Upload">One that stores a picture or a model, or searches by many.</param>
/// <param name="Transfer">An upload for an import, or the sending of a whole collection or model.</param>
/// <param name="MinPosition">A search or list that waits for a position.</param>
/// <param name="Headers">The head of a request.</param>
/// <param name="Idle">A connection without a request.</param>
public sealed record TimeLimits(double Request, double Upload, double Transfer, double MinPosition, double Headers, double Idle);

/// <summary>Connections, and the heads of requests.</summary>
/// <param name="Open">Connections at once.</param>
/// <param name="PerAddress">Of these, of one address that is no proxy.</param>
/// <param name="RequestLineBytes">Longest line of a request: method, path and query.</param>
/// <param name="HeaderBytes">All headers of a request together.</param>
/// <param name="Headers">Most headers of a request.</param>
/// <param name="EventStreams">Streams of jobs' events at once.</param>
/// <param name="EventStreamsPerCaller">Of these, of one key; where none is needed, of one address.</param>
public sealed record ConnectionLimits(
    long? Open, long? PerAddress, int RequestLineBytes, int HeaderBytes, int Headers, int EventStreams, int EventStreamsPerCaller);
