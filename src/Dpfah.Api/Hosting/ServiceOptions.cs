using System.Globalization;
using System.Text.RegularExpressions;
using Dpfah.Learning.Imaging;
using Npgsql;

namespace Dpfah.Api.Hosting;

/// <summary>Settings of the service: section <c>Dpfah</c> of the configuration (environment: <c>Dpfah__Device</c>, and so on).</summary>
public sealed partial class ServiceOptions
{
    /// <summary>Name of PostgreSQL's connection string: <c>ConnectionStrings:Dpfah</c>.</summary>
    public const string DatabaseName = "Dpfah";

    internal const string SimpleLogs = "simple";
    internal const string JsonLogs = "json";

    [GeneratedRegex("^(auto|cpu|cuda(:[0-9]+)?)$")]
    private static partial Regex DevicePattern { get; }

    /// <summary>Folder of the SQLite file and of cached models. Default: <c>data</c> in the working directory.</summary>
    public string DataFolder { get; set; } = "data";

    /// <summary>Where the network runs: <c>auto</c> (a GPU where there is one), <c>cpu</c>, <c>cuda</c> or <c>cuda:n</c>.</summary>
    public string Device { get; set; } = "auto";

    /// <summary>Which library decodes pictures: <c>skia</c> (fast, native) or <c>imagesharp</c> (managed, memory-safe).</summary>
    public string Decoder { get; set; } = "skia";

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
    /// How often a sample of each collection's labelled pictures is searched for, to tell mAP and precision by <c>/metrics</c>, as
    /// <c>hh:mm:ss</c> from 1 s; zero for never. Default: 10 min.
    /// </summary>
    public TimeSpan QualityEvery { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Collections that have metrics of their own, 0 to 1,000; the oldest. All others are told together. Default: 100.</summary>
    public int ObservedCollections { get; set; } = 100;

    /// <summary>Reads the settings; tells all that is wrong with them at once.</summary>
    /// <exception cref="InvalidOperationException">A setting is unknown or out of range.</exception>
    public static ServiceOptions Read(IConfiguration configuration)
    {
        IConfigurationSection section = configuration.GetSection("Dpfah");
        var errors = new List<string>();
        string[] known = [.. typeof(ServiceOptions).GetProperties().Select(p => p.Name)];
        foreach (IConfigurationSection child in section.GetChildren())
        {
            if (!known.Contains(child.Key, StringComparer.OrdinalIgnoreCase))
            {
                errors.Add($"Dpfah:{child.Key} is no setting. Known: {string.Join(", ", known)}.");
            }
        }

        var options = new ServiceOptions();
        foreach (string name in (string[])[nameof(Threads), nameof(Bits), nameof(EncodingJobs), nameof(GeneralJobs), nameof(TrainingThreads), nameof(TrainingNice), nameof(RetrainAfterLabels), nameof(ObservedCollections)])
        {
            if (section[name] is { } text && !int.TryParse(text, out _))
            {
                errors.Add($"Dpfah:{name} is a whole number; it was '{text}'.");
                section[name] = null;
            }
        }

        if (section[nameof(ImportBytes)] is { } bytes && !long.TryParse(bytes, out _))
        {
            errors.Add($"Dpfah:ImportBytes is a whole number of bytes; it was '{bytes}'.");
            section[nameof(ImportBytes)] = null;
        }
        foreach (string name in (string[])[nameof(JobLease), nameof(JobRetention), nameof(RetrainEvery), nameof(DrainDelay), nameof(QualityEvery)])
        {
            if (section[name] is { } text && !TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out _))
            {
                errors.Add($"Dpfah:{name} is a time as hh:mm:ss, or d.hh:mm:ss with days; it was '{text}'.");
                section[name] = null;
            }
        }

        section.Bind(options);
        if (string.IsNullOrWhiteSpace(options.DataFolder))
        {
            errors.Add("Dpfah:DataFolder is empty: name a folder, or leave the setting out for 'data'.");
        }

        if (!DevicePattern.IsMatch(options.Device))
        {
            errors.Add($"Dpfah:Device is auto, cpu, cuda or cuda:n; it was '{options.Device}'.");
        }

        if (!ImageDecoders.Names.Contains(options.Decoder))
        {
            errors.Add($"Dpfah:Decoder is {string.Join(" or ", ImageDecoders.Names)}; it was '{options.Decoder}'.");
        }

        if (options.Threads is < 0 or > 256)
        {
            errors.Add($"Dpfah:Threads is 0 (one a core) to 256; it was {options.Threads}.");
        }

        if (options.Bits is < 8 or > 256 || options.Bits % 8 != 0)
        {
            errors.Add($"Dpfah:Bits is a multiple of 8 from 8 to 256; it was {options.Bits}.");
        }

        if (options.TrainingThreads is < 0 or > 256)
        {
            errors.Add($"Dpfah:TrainingThreads is 0 (one less than there are cores) to 256; it was {options.TrainingThreads}.");
        }

        if (options.TrainingNice is < 0 or > 19)
        {
            errors.Add($"Dpfah:TrainingNice is 0 to 19; it was {options.TrainingNice}.");
        }

        if (options.RetrainAfterLabels < 0)
        {
            errors.Add($"Dpfah:RetrainAfterLabels is 0 (never) or a number of pictures; it was {options.RetrainAfterLabels}.");
        }

        if (options.RetrainEvery < TimeSpan.Zero)
        {
            errors.Add($"Dpfah:RetrainEvery is 00:00:00 (never) or a time; it was {options.RetrainEvery}.");
        }

        if (options.JobLease < TimeSpan.FromSeconds(1) || options.JobLease > TimeSpan.FromHours(1))
        {
            errors.Add($"Dpfah:JobLease is 00:00:01 to 01:00:00; it was {options.JobLease}.");
        }

        if (options.JobRetention < TimeSpan.FromMinutes(1))
        {
            errors.Add($"Dpfah:JobRetention is at least 00:01:00; it was {options.JobRetention}.");
        }

        if (options.LogFormat is not (SimpleLogs or JsonLogs))
        {
            errors.Add($"Dpfah:LogFormat is {SimpleLogs} or {JsonLogs}; it was '{options.LogFormat}'.");
        }

        if (options.DrainDelay < TimeSpan.Zero || options.DrainDelay > Draining.MostDelay)
        {
            errors.Add($"Dpfah:DrainDelay is 00:00:00 to {Draining.MostDelay}; it was {options.DrainDelay}.");
        }

        if (options.QualityEvery != TimeSpan.Zero && options.QualityEvery < TimeSpan.FromSeconds(1))
        {
            errors.Add($"Dpfah:QualityEvery is 00:00:00 (never) or at least 00:00:01; it was {options.QualityEvery}.");
        }

        if (options.ObservedCollections is < 0 or > 1_000)
        {
            errors.Add($"Dpfah:ObservedCollections is 0 to 1000; it was {options.ObservedCollections}.");
        }

        foreach ((string name, int value) in ((string, int)[])[(nameof(EncodingJobs), options.EncodingJobs), (nameof(GeneralJobs), options.GeneralJobs)])
        {
            if (value is < 1 or > 16)
            {
                errors.Add($"Dpfah:{name} is 1 to 16; it was {value}.");
            }
        }

        if (options.ImportBytes < 1 << 20)
        {
            errors.Add($"Dpfah:ImportBytes is at least {1 << 20}; it was {options.ImportBytes}.");
        }

        foreach (string host in options.ImportHosts.Where(host => Uri.CheckHostName(host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host) == UriHostNameType.Unknown))
        {
            errors.Add($"Dpfah:ImportHosts has names of hosts such as cdn.shop.example or *.shop.example; one was '{host}'.");
        }

        foreach (string host in options.ImportPrivateHosts.Where(host => host.LastIndexOf(':') < 1 || !ushort.TryParse(host[(host.LastIndexOf(':') + 1)..], out _)))
        {
            errors.Add($"Dpfah:ImportPrivateHosts has hosts with their ports, such as cdn.local:8080; one was '{host}'.");
        }

        try
        {
            _ = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString(DatabaseName));
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            errors.Add($"ConnectionStrings:{DatabaseName} is no connection string of PostgreSQL: {error.Message}");
        }

        return errors.Count == 0
            ? options
            : throw new InvalidOperationException($"The settings are not valid:{Environment.NewLine}  {string.Join(Environment.NewLine + "  ", errors)}");
    }
}
