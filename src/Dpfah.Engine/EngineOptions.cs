using Dpfah.Engine.Decoding;

namespace Dpfah.Engine;

/// <summary>What an operator sets about storage.</summary>
public sealed class EngineOptions
{
    /// <summary>Name of the SQLite file in <see cref="DataFolder"/>.</summary>
    public const string SqliteFileName = "dpfah.db";

    /// <summary>
    /// Folder of the SQLite file, of the cached models, and of what is too large for memory while it is worked on. Default: <c>data</c> in the
    /// working directory.
    /// </summary>
    public string DataFolder { get; set; } = "data";

    /// <summary>Connection string of PostgreSQL; empty for SQLite in <see cref="DataFolder"/>.</summary>
    public string? PostgresConnectionString { get; set; }

    /// <summary>
    /// Only search: the database must have been made by a service. No schema is changed, no model or collection made, nothing
    /// trimmed. Default: false.
    /// </summary>
    public bool ReadOnly { get; set; }

    /// <summary>How long log rows are kept; a node that was away longer reloads its index. Default: one day.</summary>
    public TimeSpan LogRetention { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How long a search waits for the position that it names. Default: 5 s.</summary>
    public TimeSpan PositionTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the index may not have followed the change log while the service still says that it is ready: a node that is slow, or whose
    /// database does not answer, is passed by a balancer then. Default: 10 s.
    /// </summary>
    public TimeSpan ReadyLag { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the change log is read when nothing was written here. Default: 0.2 s.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How long the encoder of a model stays in memory, some 50 MB and more, when no generation that answers or is being filled is of it:
    /// one of an evaluation, or of a generation that was deleted. Default: 5 min.
    /// </summary>
    public TimeSpan EncoderIdleTime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a job stays with a worker that is not heard of; by the database's clock. Default: 30 s.</summary>
    public TimeSpan JobLease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often waiting jobs are looked for when nobody tells of one. Default: 2 s.</summary>
    public TimeSpan JobPollInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a job's record is kept after its end, with its events and what it refused. Default: 30 days.</summary>
    public TimeSpan JobRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Imports and re-hashings that run at once on this node. Default: 2.</summary>
    public int EncodingJobs { get; set; } = 2;

    /// <summary>Labelled pictures that are new or changed after which a collection's active model is trained again; 0 for never. Default: 0.</summary>
    public int RetrainAfterLabels { get; set; }

    /// <summary>Age of its data at which a collection's active model is trained again; zero for never. Default: never.</summary>
    public TimeSpan RetrainEvery { get; set; }

    /// <summary>How often it is looked whether a model is to be trained again. Default: 1 min.</summary>
    public TimeSpan RetrainPollInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often a sample of each collection's labelled pictures is searched for, to tell how well it finds; zero for never. Default: 10 min.</summary>
    public TimeSpan QualityEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Collections that have metrics of their own; all others are told together. Default: 100.</summary>
    public int ObservedCollections { get; set; } = 100;

    /// <summary>Jobs that neither hash pictures in bulk nor train, that run at once on this node. Default: 2.</summary>
    public int GeneralJobs { get; set; } = 2;

    /// <summary>Most bytes of an upload for an import. Default: 16 GiB.</summary>
    public long ImportBytes { get; set; } = 16L << 30;

    /// <summary>Most bytes of all uploads together that are stored until their work is done. Default: 64 GiB.</summary>
    public long SpooledBytes { get; set; } = 64L << 30;

    /// <summary>Most pictures of a collection; 0 for any number. Default: 0.</summary>
    public long ImagesPerCollection { get; set; }

    /// <summary>Pictures of searches and uploads that are decoded and hashed, or wait for that, at once on this node. Default: 256.</summary>
    public int PicturesInWork { get; set; } = 256;

    /// <summary>
    /// Whether pictures are decoded in processes of their own (<see cref="DecoderProgram"/>), which a service survives. Default: false.
    /// </summary>
    public bool IsolateDecoder { get; set; }

    /// <summary>
    /// How long decoding a picture may take in a process of its own; <see cref="DecoderLimits.TimesForJobs"/> times as long in a job. Default: 10 s.
    /// </summary>
    public TimeSpan DecodeTimeout { get; set; } = DecoderLimits.DefaultTime;

    /// <summary>Most memory of a process that decodes, in bytes; kept on Linux. Default: 1 GiB.</summary>
    public long DecoderBytes { get; set; } = DecoderLimits.DefaultBytes;

    /// <summary>
    /// Hosts from which a feed's pictures may be fetched: names such as <c>cdn.shop.example</c>, or <c>*.shop.example</c> for all below a
    /// name. Default: none, so that nothing is fetched.
    /// </summary>
    public IReadOnlyList<string> ImportHosts { get; set; } = [];

    /// <summary>
    /// Those of them, each as <c>host:port</c>, that may have an address of a private network or of this machine. Default: none.
    /// </summary>
    public IReadOnlyList<string> ImportPrivateHosts { get; set; } = [];

    /// <summary>Kinds of jobs that this process runs; null for all that it can. Default: null.</summary>
    public IReadOnlyCollection<string>? JobKinds { get; set; }

    /// <summary>
    /// Number of the only job that this process runs, so that it does not take jobs of others; 0 for none as yet, null for any. May be
    /// set while the engine runs. Default: null.
    /// </summary>
    public long? OnlyJob { get; set; }

    /// <summary>
    /// Whether deleted collections, old rows of the log and old jobs are cleaned up by this process; what runs beside a service leaves
    /// that to it, and to its settings. Default: true.
    /// </summary>
    public bool Housekeeping { get; set; } = true;
}
