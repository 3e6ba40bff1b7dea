using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Encoders;

namespace Dpfah.Benchmarks;

/// <summary>
/// The service against one that a team would write in Python, in turn: same catalogue, same queries, same cores, the load from the
/// same machine. Prints Markdown. <c>compare-service.sh</c> installs what is needed and calls it.
/// </summary>
internal sealed class ServiceComparison(NamedOptions options)
{
    private const string Here = "here", Peer = "peer";
    private const int Port = 18741, PeerPort = 18742;
    private const int CheckedCodes = 200, CheckedPictures = 100;
    private const int Connections = 16;

    /// <summary>What the peer is tried with; of each kind of search it plays its best.</summary>
    private static readonly PeerSetting[] Settings =
    [
        .. from layout in (string[])["nhwc", "frozen"]
           from one in (PeerSetting[])
           [
               new(1, 1, 2, 1, layout), new(1, 4, 2, 1, layout), new(1, 4, 1, 1, layout), new(1, 16, 2, 8, layout), new(1, 32, 2, 16, layout),
               new(2, 1, 1, 1, layout), new(2, 2, 1, 1, layout), new(2, 8, 1, 1, layout), new(2, 8, 1, 4, layout),
           ]
           select one,
    ];

    private readonly ServiceLoad load = new(options["folder"]);
    private readonly TimeSpan time = TimeSpan.FromSeconds(options.Number("seconds"));
    private readonly StringBuilder table = new("| what | peer | here | ratio | spread of the ratios | goal |\n| --- | --- | --- | --- | --- | --- |\n");

    /// <summary>Options: see compare-service.sh.</summary>
    public static int Run(string[] args)
    {
        var options = NamedOptions.Read(args, new()
        {
            ["connection"] = "",
            ["peer-connection"] = "",
            ["folder"] = "",
            ["api"] = "",
            ["peer"] = "",
            ["cores"] = "0-1",
            ["repeats"] = "5",
            ["seconds"] = "10",
            ["sweep-seconds"] = "5",
            ["codes"] = "1000000",
            ["sdk"] = "",
            ["commit"] = "",
            ["versions"] = "",
            ["output"] = "",
        });
        if (options is null)
        {
            return 1;
        }

        string load = File.ReadAllText("/proc/loadavg").Split(' ')[0];
        string report = new ServiceComparison(options).ReportAsync(load).GetAwaiter().GetResult();
        Console.WriteLine(report);
        if (options["output"].Length != 0)
        {
            File.WriteAllText(options["output"], report);
        }

        return 0;
    }

    private async Task<string> ReportAsync(string before)
    {
        (string sweep, PeerSetting byPicture, PeerSetting byCode) = await SweepAsync();
        string answers = await CompareAnswersAsync(byPicture);
        int clients = Math.Max(Connections, 2 * byPicture.Workers * byPicture.Threads);

        List<double> hereReady = [], peerReady = [], hereMemory = [], peerMemory = [];
        List<ServiceLoad.Outcome> hereCode = [], hereIdle = [], peerCode = [], herePicture = [], peerPicture = [], hereHalf = [], peerHalf = [];
        double half = 0;
        for (int i = 0; i < options.Number("repeats"); i++)
        {
            Progress($"round {i + 1} of {options["repeats"]}");
            await using (ServiceSide peer = await StartPeerAsync(byCode))
            {
                await load.SaturateByCodeAsync(peer.Address, Connections, TimeSpan.FromSeconds(2));
                peerCode.Add(await load.SaturateByCodeAsync(peer.Address, Connections, time));
            }

            await using (ServiceSide peer = await StartPeerAsync(byPicture))
            {
                peerReady.Add(peer.TimeToReady.TotalSeconds);
                await load.SaturateAsync(peer.Address, clients, TimeSpan.FromSeconds(2));
                peerPicture.Add(await load.SaturateAsync(peer.Address, clients, time));
                half = half == 0 ? peerPicture[0].PerSecond / 2 : half;
                peerHalf.Add(await load.KeepRateAsync(peer.Address, half, time));
                peerMemory.Add(peer.Megabytes());
            }

            await using ServiceSide here = await StartHereAsync();
            hereReady.Add(here.TimeToReady.TotalSeconds);
            await load.SaturateByCodeAsync(here.Address, Connections, TimeSpan.FromSeconds(2));
            hereCode.Add(await load.SaturateByCodeAsync(here.Address, Connections, time));
            hereIdle.Add(await ServiceLoad.SaturateIdlyAsync(here.Address, Connections, time / 2));
            await load.SaturateAsync(here.Address, clients, TimeSpan.FromSeconds(2));
            herePicture.Add(await load.SaturateAsync(here.Address, clients, time));
            hereHalf.Add(await load.KeepRateAsync(here.Address, half, time));
            hereMemory.Add(here.Megabytes());
        }

        double roof = await RooflineAsync();
        Row("by picture, queries/s at saturation", peerPicture, herePicture, o => o.PerSecond, false, "1.3");
        Row(FormattableString.Invariant($"by picture, p99 in ms at {half:0} queries/s, half of the peer's saturation"), peerHalf, hereHalf, o => o.P99, true, "3");
        Row("the same, median in ms", peerHalf, hereHalf, o => o.P50, true, "");
        Row("by code, queries/s at saturation", peerCode, hereCode, o => o.PerSecond, false, "10");
        Row("the same, p99 in ms", peerCode, hereCode, o => o.P99, true, "");
        Row("memory in MB after all of it", peerMemory, hereMemory, m => m, true, "2");
        Row("start to the first answer, s", peerReady, hereReady, s => s, true, "3");
        double saturation = Median(herePicture.Select(o => o.PerSecond));
        int failed = new[] { hereCode, peerCode, herePicture, peerPicture, hereHalf, peerHalf }.Sum(list => list.Sum(o => o.Failed));
        return string.Create(CultureInfo.InvariantCulture, $"""
            # service

            The service against Flask, PyTorch and FAISS ([peer/service.py](../peer/service.py)), by `tests/Dpfah.Benchmarks/compare-service.sh`.

            - {Tables.Cpu()}, {Environment.ProcessorCount} cores, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 30} GiB; {RuntimeInformation.OSDescription}; load before the run {before}
            - .NET SDK {options["sdk"]}, {RuntimeInformation.FrameworkDescription}; commit {options["commit"]}; {options["versions"]}
            - catalogue: {options.Number("codes"):N0} items with codes of 64 bits in PostgreSQL, read by both; model: `itq-64` (ResNet18, 128-pixel input, float32)
            - queries: JPEGs of 100 to 600 pixels, each other bytes; codes that are none of the catalogue's; k = 10
            - both on cores {options["cores"]}, and the clients on the same; {options["repeats"]} rounds in turn of {options["seconds"]} s each, medians; {failed} requests failed
            - the peer by picture: {byPicture}; by code: {byCode}; the best of the sweep below; its FAISS has one thread a request
            - {answers}

            {table}
            Ratio: how many times as good as the peer. The encoder of this service alone, from preview to code, makes {roof:0.0} pictures/s here in this run;
            the service's {saturation:0.0} queries/s, which come as files and are searched for too, are {saturation / roof:0.00} of it. Requests that search nothing (`GET /health/live`)
            are answered {Median(hereIdle.Select(o => o.PerSecond)):N0} times a second under the load of the searches by code: web server and client are {Median(hereIdle.Zip(hereCode, (idle, code) => code.PerSecond / idle.PerSecond)):0.00} of a search's cost.

            ## What the peer was tried with

            {sweep}
            """);
    }

    private async Task<(string Table, PeerSetting ByPicture, PeerSetting ByCode)> SweepAsync()
    {
        var rows = new StringBuilder("| workers | threads each | torch threads | batch | layout | by picture/s | p99, ms | by code/s |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        TimeSpan brief = TimeSpan.FromSeconds(options.Number("sweep-seconds"));
        List<(PeerSetting Setting, double ByPicture, double ByCode)> tried = [];
        foreach (PeerSetting setting in Settings)
        {
            Progress($"peer: {setting}");
            await using ServiceSide peer = await StartPeerAsync(setting);
            int clients = Math.Max(4, 2 * setting.Workers * setting.Threads);
            await load.SaturateAsync(peer.Address, clients, TimeSpan.FromSeconds(2));
            ServiceLoad.Outcome pictures = await load.SaturateAsync(peer.Address, clients, brief);
            ServiceLoad.Outcome codes = await load.SaturateByCodeAsync(peer.Address, Connections, brief);
            tried.Add((setting, pictures.PerSecond, codes.PerSecond));
            rows.AppendLine(CultureInfo.InvariantCulture, $"| {setting.Workers} | {setting.Threads} | {setting.TorchThreads} | {setting.Batch} | {setting.Layout} | {pictures.PerSecond:0.0} | {pictures.P99:0} | {codes.PerSecond:0} |");
        }

        return (rows.ToString(), tried.MaxBy(t => t.ByPicture).Setting, tried.MaxBy(t => t.ByCode).Setting);
    }

    /// <summary>What both answer to the same queries, in a sentence; throws where they must not differ.</summary>
    private async Task<string> CompareAnswersAsync(PeerSetting setting)
    {
        await using ServiceSide peer = await StartPeerAsync(setting), here = await StartHereAsync();
        foreach (string code in File.ReadLines(Path.Combine(options["folder"], ServiceData.CodesFile)).Take(CheckedCodes))
        {
            int[] theirs = Distances(await peer.SearchByCodeAsync(code)), ours = Distances(await here.SearchByCodeAsync(code));
            if (!theirs.SequenceEqual(ours))
            {
                throw new InvalidOperationException($"The distances of code {code} differ: [{string.Join(", ", theirs)}] and [{string.Join(", ", ours)}].");
            }
        }

        (int bits, int equal) = (0, 0);
        for (int i = 0; i < CheckedPictures; i++)
        {
            byte[] picture = load.Distinct(-1 - i & int.MaxValue);
            byte[] theirs = Code(await peer.SearchAsync(picture)), ours = Code(await here.SearchAsync(picture));
            int differing = theirs.Zip(ours, (a, b) => BitOperations.PopCount((uint)(a ^ b))).Sum();
            bits += differing;
            equal += differing == 0 ? 1 : 0;
        }

        return FormattableString.Invariant($"checked: the distances of {CheckedCodes} queries by code are equal; of {CheckedPictures} pictures {equal} got the same code and {bits / (64.0 * CheckedPictures):P1} of all bits differ (another resampling, and the preview's JPEG)");
    }

    private Task<ServiceSide> StartHereAsync() => ServiceSide.StartAsync(
        options["cores"],
        Port,
        Path.Combine(options["folder"], Here + ".log"),
        new Dictionary<string, string> { ["ConnectionStrings__Dpfah"] = options["connection"], ["Logging__LogLevel__Default"] = "Warning" },
        "dotnet",
        options["api"],
        "--urls",
        $"http://127.0.0.1:{Port}",
        "--Dpfah:DataFolder",
        Path.Combine(options["folder"], "data"));

    private Task<ServiceSide> StartPeerAsync(PeerSetting setting) => ServiceSide.StartAsync(
        options["cores"],
        PeerPort,
        Path.Combine(options["folder"], Peer + ".log"),
        new Dictionary<string, string>
        {
            ["PEER_DATABASE"] = options["peer-connection"],
            ["PEER_COLLECTION"] = ServiceData.Collection,
            ["PEER_MODEL"] = options["folder"],
            ["PEER_TORCH_THREADS"] = $"{setting.TorchThreads}",
            ["PEER_LAYOUT"] = setting.Layout,
            ["PEER_BATCH"] = $"{setting.Batch}",
            // The same mend of the allocator as here: without it, libtorch is two to six times slower.
            ["GLIBC_TUNABLES"] = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=-1:glibc.malloc.top_pad=67108864",
            ["OMP_WAIT_POLICY"] = "passive",
        },
        "gunicorn",
        "--preload",
        "--workers",
        $"{setting.Workers}",
        "--worker-class",
        "gthread",
        "--threads",
        $"{setting.Threads}",
        "--keep-alive",
        "30",
        "--timeout",
        "0",
        "--bind",
        $"127.0.0.1:{PeerPort}",
        "--chdir",
        options["peer"],
        "service:app");

    /// <summary>Pictures a second of the encoder alone, previews in memory, as many on their way as fill its batches.</summary>
    private static async Task<double> RooflineAsync()
    {
        byte[][] previews = Network.PreviewAll([.. Picture.Sample().Take(384)], picture => Distortion.OfSmallPictures[^1].ApplyTo(picture.Bytes));
        var settings = new EncoderOptions();
        var atOnce = new ParallelOptions { MaxDegreeOfParallelism = 2 * settings.Batching.BatchSize };
        await using IImageEncoder encoder = FirstEncoder.Open(settings);
        var rates = new List<double>();
        for (int i = 0; i < 6; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await Parallel.ForEachAsync(previews, atOnce, async (preview, token) => await encoder.EncodeAsync(preview, EncodePriority.Query, token));
            rates.Add(previews.Length / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return Median(rates.Skip(1));
    }

    private void Row<T>(string what, List<T> peer, List<T> here, Func<T, double> figure, bool lessIsMore, string goal)
    {
        double[] ratios = [.. peer.Zip(here, (p, h) => lessIsMore ? figure(p) / figure(h) : figure(h) / figure(p)).Order()];
        table.AppendLine(CultureInfo.InvariantCulture, $"| {what} | {Median(peer.Select(figure)):0.#} | {Median(here.Select(figure)):0.#} | {Median(ratios):0.00} | {ratios[0]:0.00} to {ratios[^1]:0.00} | {goal} |");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static int[] Distances(JsonElement answer) => [.. answer.GetProperty("hits").EnumerateArray().Select(hit => hit.GetProperty("distance").GetInt32())];

    private static byte[] Code(JsonElement answer) => Convert.FromHexString(answer.GetProperty("query").GetProperty("code").GetString()!);

    private static void Progress(string what) => Console.Error.WriteLine($"{DateTime.Now:HH:mm:ss} {what}");

    /// <summary>How the peer runs.</summary>
    private sealed record PeerSetting(int Workers, int Threads, int TorchThreads, int Batch, string Layout)
    {
        public override string ToString() =>
            $"{Workers} worker{(Workers == 1 ? "" : "s")} of {Threads} thread{(Threads == 1 ? "" : "s")}, {TorchThreads} of torch, batches up to {Batch}, {Layout}";
    }
}
