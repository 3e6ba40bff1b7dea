using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text.RegularExpressions;
using Dpfah.Engine.Decoding;
using Dpfah.Learning.Imaging;
using Dpfah.Learning.Networks;
using Npgsql;

namespace Dpfah.Api.Hosting;

/// <summary>Settings of the service: section <c>Dpfah</c> of the configuration (environment: <c>Dpfah__Device</c>, and so on).</summary>
public sealed partial class ServiceOptions
{
    /// <summary>Name of PostgreSQL's connection string: <c>ConnectionStrings:Dpfah</c>.</summary>
    public const string DatabaseName = "Dpfah";

    internal const string SimpleLogs = "simple";
    internal const string JsonLogs = "json";

    // Unreserved characters only (RFC 3986): what needs no escape is spelled in one way alone.
    [GeneratedRegex("^(/[A-Za-z0-9_.~-]+)+$")]
    private static partial Regex PathBasePattern { get; }

    [GeneratedRegex("^(auto|cpu|cuda(:[0-9]+)?)$")]
    private static partial Regex DevicePattern { get; }

    /// <summary>Folder of the SQLite file and of cached models. Default: <c>data</c> in the working directory.</summary>
    public string DataFolder { get; set; } = "data";

    /// <summary>Where the network runs: <c>auto</c> (a GPU where there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>Which library decodes pictures: <c>skia</c> (fast, native) or <c>imagesharp</c> (managed, memory-safe).</summary>
    public string Decoder { get; set; } = "skia";

    /// <summary>
    /// In which numbers the network computes: <c>fp32</c>, or <c>bf16</c>, faster on GPUs and on processors with instructions for it. It is
    /// part of the identity of codes: whoever changes it re-hashes.
    /// </summary>
    public string Precision { get; set; } = "fp32";

    /// <summary>Whether pictures are decoded in processes of their own, so that one that ends its decoder does not end the service. Default: true.</summary>
    public bool IsolateDecoder { get; set; } = true;

    /// <summary>
    /// How long decoding a picture may take in a process of its own, as <c>hh:mm:ss</c>: 0.1 s to 10 min; a job's may take three times as long,
    /// since it stands back behind searches. Default: 10 s.
    /// </summary>
    public TimeSpan DecodeTimeout { get; set; } = DecoderLimits.DefaultTime;

    /// <summary>Most memory that a process that decodes may have for itself, from 256 MiB; kept on Linux. Default: 1 GiB.</summary>
    public long DecoderBytes { get; set; } = DecoderLimits.DefaultBytes;

    /// <summary>Threads of the network on the CPU; 0 for one a core.</summary>
    public int Threads { get; set; }

    /// <summary>Length of the first model's codes in bits, a multiple of 8 up to 256.</summary>
    public int Bits { get; set; } = 64;

    /// <summary>How long a job stays with a process that is not heard of, as <c>hh:mm:ss</c>: 1 s to 1 h. Default: 30 s.</summary>
    public TimeSpan JobLease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a job's record is kept after its end, as <c>d.hh:mm:ss</c>: at least a minute. Default: 30 days.</summary>
    public TimeSpan JobRetention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Imports and re-hashings that run at once: 1 to 16. Default: 2.</summary>
    public int EncodingJobs { get; set; } = 2;

    /// <summary>Jobs of other kinds that run at once, beside one training: 1 to 16. Default: 2.</summary>
    public int GeneralJobs { get; set; } = 2;

    /// <summary>Most bytes of an upload for an import, from 1 MiB. Default: 16 GiB.</summary>
    public long ImportBytes { get; set; } = 16L << 30;

    /// <summary>
    /// Hosts from which the pictures of a feed may be fetched (<c>Dpfah:ImportHosts:0</c>, and so on): names, or <c>*.</c> names for all
    /// below them. Default: none; nothing is fetched.
    /// </summary>
    public string[] ImportHosts { get; set; } = [];

    /// <summary>
    /// Those of them, each as <c>host:port</c>, that may have an address of this machine or of a private network. Default: none.
    /// </summary>
    public string[] ImportPrivateHosts { get; set; } = [];

    /// <summary>Threads of a training; 0 (default) for one less than there are cores, so that searches keep one.</summary>
    public int TrainingThreads { get; set; }

    /// <summary>Path of the terminal program's assembly, which trains as a child process. Default: <c>dpfah.dll</c> beside the service.</summary>
    public string? TrainingProgram { get; set; }

    /// <summary>How far a training stands back behind searches: its niceness, 0 to 19. Default: 10.</summary>
    public int TrainingNice { get; set; } = Engine.Training.TrainingProgram.DefaultNice;

    /// <summary>Folder of data sets that trainings may name by a path below it. Default: <c>datasets</c> in <see cref="DataFolder"/>.</summary>
    public string? DatasetFolder { get; set; }

    /// <summary>Labelled pictures that are new or changed after which a collection's active model is trained again by itself; 0 (default) for never.</summary>
    public int RetrainAfterLabels { get; set; }

    /// <summary>Age of its data at which a collection's active model is trained again by itself, as <c>d.hh:mm:ss</c>; zero (default) for never.</summary>
    public TimeSpan RetrainEvery { get; set; }

    /// <summary>How logs are written: <c>simple</c> (default; for people) or <c>json</c> (an object a line, with request, job and collection).</summary>
    public string LogFormat { get; set; } = SimpleLogs;

    /// <summary>
    /// How long a service that was told to stop still takes requests, as <c>hh:mm:ss</c> up to 20 s, while <c>/health/ready</c> says 503
    /// already: time for a load balancer to hear of it. Default: none.
    /// </summary>
    public TimeSpan DrainDelay { get; set; }

    /// <summary>
    /// How long the index may not have followed the database while <c>/health/ready</c> still says 200, as <c>hh:mm:ss</c> from 1 s to 1 h.
    /// Default: 10 s.
    /// </summary>
    public TimeSpan ReadyLag { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How often a sample of each collection's labelled pictures is searched for, to tell mAP and precision by <c>/metrics</c>, as
    /// <c>hh:mm:ss</c> from 1 s; zero for never. Default: 10 min.
    /// </summary>
    public TimeSpan QualityEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Collections that have metrics of their own, 0 to 1,000; the oldest. All others are told together. Default: 100.</summary>
    public int ObservedCollections { get; set; } = 100;

    /// <summary>
    /// Requests a second of one key; where no key is needed, of one address. Five seconds' worth may come at once. 0 (default) for any number.
    /// </summary>
    public int RequestsPerSecond { get; set; }

    /// <summary>
    /// Requests a second of one address (IPv6: of one /64) without a good key, where a key is needed. Five seconds' worth may come at once. 0
    /// for any number. Default: 100.
    /// </summary>
    public int AnonymousRequestsPerSecond { get; set; } = 100;

    /// <summary>Wrong keys a minute from one address, after which further wrong ones are answered by 429. 0 for any number. Default: 60.</summary>
    public int FailedKeysPerMinute { get; set; } = 60;

    /// <summary>
    /// Addresses, or ranges such as <c>10.0.0.0/8</c>, of proxies (<c>Dpfah:Proxies:0</c>, and so on) that are believed what they say of the
    /// caller by X-Forwarded-For, -Proto and -Host. Default: none.
    /// </summary>
    public string[] Proxies { get; set; } = [];

    /// <summary>Path under which a proxy serves the service, such as <c>/pictures</c>, whether it passes it on or not. Default: none.</summary>
    public string PathBase { get; set; } = "";

    /// <summary>How long a request may take, the reading of its body and its waiting for the network included: 1 s to 1 h. Default: 1 min.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a request may take that stores a picture or a model, or searches by many: 1 s to 1 d. Default: 10 min.</summary>
    public TimeSpan UploadTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long an upload for an import may take, or the sending of a whole collection or model: 1 s to 7 d. Default: 12 h.</summary>
    public TimeSpan TransferTimeout { get; set; } = TimeSpan.FromHours(12);

    /// <summary>Connections at once; further ones are closed. 0 for any number. Default: 10,000.</summary>
    public int Connections { get; set; } = 10_000;

    /// <summary>Of these, connections of one address (IPv6: of one /64) that is no proxy of <see cref="Proxies"/>. 0 for any number. Default: 2,000.</summary>
    public int ConnectionsPerAddress { get; set; } = 2_000;

    /// <summary>Pictures of searches and uploads that are decoded and hashed, or wait for that, at once: 1 to 65,536. Default: 256.</summary>
    public int PicturesInWork { get; set; } = 256;

    /// <summary>Most pictures of each collection. 0 (default) for any number.</summary>
    public long ImagesPerCollection { get; set; }

    /// <summary>Most bytes of all uploads together that are stored until their work is done, from 1 MiB. Default: 64 GiB.</summary>
    public long SpooledBytes { get; set; } = 64L << 30;

    /// <summary>
    /// Where other nodes reach this one, as <c>address:port</c> (IPv6: <c>[address]:port</c>), or <c>*:port</c> for the address by which this machine reaches the
    /// database: the service is then a node of the cluster of all services on its PostgreSQL database, and collections may be spread over shards. Default: none,
    /// no cluster.
    /// </summary>
    public string ClusterAddress { get; set; } = "";

    /// <summary>How long a search waits for a shard before it does without and says so, as <c>hh:mm:ss</c>: 0.1 s to 1 min. Default: 2 s.</summary>
    public TimeSpan ShardTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary><see cref="ClusterAddress"/> as an address and a port.</summary>
    /// <returns>Null when it is none; <see cref="IPAddress.Any"/> for <c>*</c>.</returns>
    internal IPEndPoint? ReadClusterAddress()
    {
        bool isAny = ClusterAddress.StartsWith("*:", StringComparison.Ordinal);
        return IPEndPoint.TryParse(isAny ? $"{IPAddress.Any}{ClusterAddress[1..]}" : ClusterAddress, out IPEndPoint? node) && node.Port != 0
            && (isAny || !(node.Address.Equals(IPAddress.Any) || node.Address.Equals(IPAddress.IPv6Any))) ? node : null;
    }

    /// <summary>Reads the settings.</summary>
    /// <exception cref="InvalidOperationException">Settings are unknown or out of range; the message tells all of them.</exception>
    public static ServiceOptions Read(IConfiguration configuration)
    {
        var errors = new List<string>();
        ServiceOptions options = Read(configuration, errors);
        ThrowIfAny(errors);
        return options;
    }

    /// <summary>Reads the settings; what is wrong with them is added to a list, and has its default.</summary>
    internal static ServiceOptions Read(IConfiguration configuration, List<string> errors)
    {
        // Into a copy: what cannot be read is left out of it.
        IConfigurationSection section = configuration.GetSection("Dpfah");
        PropertyInfo[] known = typeof(ServiceOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        var good = new Dictionary<string, string?>();
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (Array.Find(known, property => property.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase)) is not { } property)
            {
                errors.Add($"Dpfah:{child.Key} is no setting. Known: {string.Join(", ", known.Select(p => p.Name))}.");
            }
            else if (property.PropertyType.IsArray ? child.Value is { Length: > 0 } : child.Value is null)
            {
                errors.Add(property.PropertyType.IsArray
                    ? $"Dpfah:{property.Name} is a list: set Dpfah:{property.Name}:0, and so on; it was '{child.Value}'."
                    : $"Dpfah:{property.Name} is one value, no list.");
            }
            else if (child.Value is { } text && Describe(property, text) is { } wanted)
            {
                errors.Add($"Dpfah:{property.Name} is {wanted}; it was '{text}'.");
            }
            else
            {
                foreach ((string key, string? value) in child.AsEnumerable())
                {
                    good[key] = value;
                }
            }
        }

        var options = new ServiceOptions();
        new ConfigurationBuilder().AddInMemoryCollection(good).Build().GetSection("Dpfah").Bind(options);
        errors.AddRange(options.Check().Select(error => $"Dpfah:{error}"));
        if (options.ClusterAddress.Length > 0 && string.IsNullOrWhiteSpace(configuration.GetConnectionString(DatabaseName)))
        {
            errors.Add($"Dpfah:{nameof(ClusterAddress)} makes this a node of a cluster, whose nodes share a PostgreSQL database: set ConnectionStrings:{DatabaseName}, or leave it out.");
        }

        try
        {
            _ = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString(DatabaseName));
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            errors.Add($"ConnectionStrings:{DatabaseName} is no connection string of PostgreSQL: {error.Message}");
        }

        return options;
    }

    /// <summary>Tells everything that is wrong at once.</summary>
    /// <exception cref="InvalidOperationException">Something is.</exception>
    internal static void ThrowIfAny(IReadOnlyList<string> errors)
    {
        if (errors.Count > 0)
        {
            throw new InvalidOperationException($"The settings are not valid:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", errors)}");
        }
    }

    /// <returns>What a value of the property's type is, when the text is none; else null.</returns>
    private static string? Describe(PropertyInfo property, string text) => Type.GetTypeCode(property.PropertyType) switch
    {
        TypeCode.Int32 when !int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) => "a whole number",
        TypeCode.Int64 when !long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) =>
            property.Name.EndsWith("Bytes", StringComparison.Ordinal) ? "a whole number of bytes" : "a whole number",
        TypeCode.Boolean when !bool.TryParse(text, out _) => "true or false",
        _ when property.PropertyType == typeof(TimeSpan) && !TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _) =>
            "a time as hh:mm:ss, or d.hh:mm:ss with days",
        _ => null,
    };

    /// <returns>What is out of range: the setting, what it should be, and what it was.</returns>
    private IEnumerable<string> Check()
    {
        if (string.IsNullOrWhiteSpace(DataFolder))
        {
            yield return "DataFolder is empty: name a folder, or leave the setting out for 'data'.";
        }

        if (!DevicePattern.IsMatch(Device))
        {
            yield return $"Device is auto, cpu, cuda or cuda:n; it was '{Device}'.";
        }

        if (!ImageDecoders.Names.Contains(Decoder))
        {
            yield return $"Decoder is {string.Join(" or ", ImageDecoders.Names)}; it was '{Decoder}'.";
        }

        if (!NetworkPrecisions.Names.Contains(Precision))
        {
            yield return $"Precision is {string.Join(" or ", NetworkPrecisions.Names)}; it was '{Precision}'.";
        }

        if (Bits is < 8 or > 256 || Bits % 8 != 0)
        {
            yield return $"Bits is a multiple of 8 from 8 to 256; it was {Bits}.";
        }

        if (LogFormat is not (SimpleLogs or JsonLogs))
        {
            yield return $"LogFormat is {SimpleLogs} or {JsonLogs}; it was '{LogFormat}'.";
        }

        if (QualityEvery != TimeSpan.Zero && QualityEvery < TimeSpan.FromSeconds(1))
        {
            yield return $"QualityEvery is 00:00:00 (never) or at least 00:00:01; it was {QualityEvery}.";
        }

        foreach ((string name, long value, long least, long most, string words) in Numbers())
        {
            if (value < least || value > most)
            {
                string range = most == long.MaxValue ? $"at least {least}" : $"{least} to {most}";
                yield return $"{name} is {range}{words}; it was {value}.";
            }
        }

        foreach ((string name, TimeSpan value, TimeSpan least, TimeSpan most, string words) in Times())
        {
            if (value < least || value > most)
            {
                string range = most == TimeSpan.MaxValue ? $"at least {least}" : $"{least} to {most}";
                yield return $"{name} is {range}{words}; it was {value}.";
            }
        }

        foreach (string host in ImportHosts.Where(host => Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) == UriHostNameType.Unknown))
        {
            yield return $"ImportHosts has names of hosts such as cdn.shop.example or *.shop.example; one was '{host}'.";
        }

        foreach (string host in ImportPrivateHosts.Where(host => host.LastIndexOf(':') < 1 || !ushort.TryParse(host[(host.LastIndexOf(':') + 1)..], out _)))
        {
            yield return $"ImportPrivateHosts has hosts with their ports, such as cdn.local:8080; one was '{host}'.";
        }

        foreach (string proxy in Proxies.Where(proxy => !IPAddress.TryParse(proxy, out _) && !IPNetwork.TryParse(proxy, out _)))
        {
            yield return $"Proxies has addresses such as 10.0.0.7, or ranges such as 10.0.0.0/8; one was '{proxy}'.";
        }

        if (ClusterAddress.Length > 0 && ReadClusterAddress() is null)
        {
            yield return $"ClusterAddress is an address of this machine that the other nodes reach, and a port, such as 10.0.0.5:11111, or *:11111 for the address by which it reaches the database; it was '{ClusterAddress}'.";
        }

        if (PathBase.Length > 0 && !PathBasePattern.IsMatch(PathBase))
        {
            yield return $"PathBase is a path such as /pictures, of letters, digits, '-', '_', '.' and '~', without '/' at its end; it was '{PathBase}'.";
        }
    }

    private IEnumerable<(string Name, long Value, long Least, long Most, string Words)> Numbers() =>
    [
        (nameof(Threads), Threads, 0, 256, " (0: one a core)"),
        (nameof(TrainingThreads), TrainingThreads, 0, 256, " (0: one less than there are cores)"),
        (nameof(TrainingNice), TrainingNice, 0, 19, ""),
        (nameof(RetrainAfterLabels), RetrainAfterLabels, 0, long.MaxValue, " (0: never)"),
        (nameof(ObservedCollections), ObservedCollections, 0, 1_000, ""),
        (nameof(EncodingJobs), EncodingJobs, 1, 16, ""),
        (nameof(GeneralJobs), GeneralJobs, 1, 16, ""),
        (nameof(ImportBytes), ImportBytes, 1 << 20, long.MaxValue, ""),
        (nameof(SpooledBytes), SpooledBytes, 1 << 20, long.MaxValue, ""),
        (nameof(ImagesPerCollection), ImagesPerCollection, 0, long.MaxValue, " (0: any number)"),
        (nameof(PicturesInWork), PicturesInWork, 1, 65_536, ""),
        (nameof(DecoderBytes), DecoderBytes, 256 << 20, long.MaxValue, ""),
        (nameof(Connections), Connections, 0, long.MaxValue, " (0: any number)"),
        (nameof(ConnectionsPerAddress), ConnectionsPerAddress, 0, long.MaxValue, " (0: any number)"),
        (nameof(RequestsPerSecond), RequestsPerSecond, 0, 1_000_000, " (0: any number)"),
        (nameof(AnonymousRequestsPerSecond), AnonymousRequestsPerSecond, 0, 1_000_000, " (0: any number)"),
        (nameof(FailedKeysPerMinute), FailedKeysPerMinute, 0, 1_000_000, " (0: any number)"),
    ];

    private IEnumerable<(string Name, TimeSpan Value, TimeSpan Least, TimeSpan Most, string Words)> Times() =>
    [
        (nameof(JobLease), JobLease, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), ""),
        (nameof(JobRetention), JobRetention, TimeSpan.FromMinutes(1), TimeSpan.MaxValue, ""),
        (nameof(RetrainEvery), RetrainEvery, TimeSpan.Zero, TimeSpan.MaxValue, " (00:00:00: never)"),
        (nameof(ReadyLag), ReadyLag, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), ""),
        (nameof(DrainDelay), DrainDelay, TimeSpan.Zero, Draining.MostDelay, ""),
        (nameof(DecodeTimeout), DecodeTimeout, TimeSpan.FromSeconds(0.1), TimeSpan.FromMinutes(10), ""),
        (nameof(RequestTimeout), RequestTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), ""),
        (nameof(UploadTimeout), UploadTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), ""),
        (nameof(ShardTimeout), ShardTimeout, TimeSpan.FromSeconds(0.1), TimeSpan.FromMinutes(1), ""),
        (nameof(TransferTimeout), TransferTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(7), ""),
    ];
}
