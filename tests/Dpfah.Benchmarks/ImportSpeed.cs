using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Text.Json;
using Dpfah.Core.Imaging;
using Dpfah.Core.Models;
using Dpfah.Engine;
using Dpfah.Engine.Catalogue;
using Dpfah.Engine.Generations;
using Dpfah.Engine.Hosting;
using Dpfah.Engine.Imports;
using Dpfah.Engine.Jobs;
using Dpfah.Engine.Models;
using Dpfah.Engine.Search;
using Dpfah.Learning.Encoders;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpfah.Benchmarks;

/// <summary>An import through the engine: its speed against the bare encoder's, its memory, and what searches feel of it, as JSON lines.</summary>
internal static class ImportSpeed
{
    private const string Real = "real", Fake = "fake";
    private const int Distinct = 384, SecondBits = 48;

    /// <summary><c>[--provider sqlite|postgres] --connection STRING-OR-FOLDER [--pictures 5000] [--encoder real|fake] [--isolate yes|no] [--searches 0] [--queries 0] [--rehash no|yes]</c>.</summary>
    public static int Run(string[] args)
    {
        Dictionary<string, string> defaults = new()
        {
            ["provider"] = "sqlite",
            ["connection"] = "",
            ["pictures"] = "5000",
            ["encoder"] = Real,
            ["isolate"] = "no",
            ["searches"] = "0",
            ["queries"] = "0",
            ["rehash"] = "no",
        };
        if (NamedOptions.Read(args, defaults) is not { } options)
        {
            return 1;
        }

        if (options["connection"].Length == 0 || options["provider"] is not ("postgres" or "sqlite")
            || options["encoder"] is not (Real or Fake) || options["rehash"] is not ("yes" or "no")
            || options["isolate"] is not ("yes" or "no") || (options["isolate"] == "yes" && options["encoder"] == Fake))
        {
            Console.Error.WriteLine(
                "--provider postgres needs the --connection string of an empty database, --provider sqlite an empty folder as --connection; "
                + "--encoder is real or fake; --isolate yes, with the real one, decodes in processes as the service does; --searches and --queries are searches a second by code and by picture beside the import; "
                + "--rehash yes hashes all pictures again for a second model.");
            return 1;
        }

        RunAsync(options).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(NamedOptions options)
    {
        bool postgres = options["provider"] == "postgres", real = options["encoder"] == Real;
        int count = options.Number("pictures");
        string folder = postgres ? Directory.CreateTempSubdirectory("dpfah-import-").FullName : options["connection"];
        IReadOnlyList<byte[]> pictures =
            [.. Picture.Sample().Take(Distinct).Select(picture => Distortion.OfSmallPictures[^1].ApplyTo(picture.Bytes))];
        string archive = Path.Combine(folder, "pictures.tar");
        Directory.CreateDirectory(folder);
        await WriteArchiveAsync(archive, pictures, count);
        double diskRate = MeasureDisk(folder);

        var settings = new EngineOptions
        {
            DataFolder = folder,
            PostgresConnectionString = postgres ? options["connection"] : null,
            IsolateDecoder = options["isolate"] == "yes",
        };
        await using ServiceProvider services = Build(settings, real);
        foreach (IHostedService service in services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }

        await services.GetRequiredService<ServiceState>().WaitUntilStartedAsync(CancellationToken.None);
        Bare bare = await Bare.MeasureAsync(services, pictures);
        var load = new SearchLoad(services, pictures, options.Number("searches"), options.Number("queries"));
        (double[] idleCodes, double[] idlePictures) = await load.RunAsync(Task.Delay(TimeSpan.FromSeconds(load.IsIdle ? 0 : 10)));

        long start = Stopwatch.GetTimestamp();
        await using FileStream upload = File.OpenRead(archive);
        ImportStart started = await services.GetRequiredService<Importer>().StartAsync(
            CollectionStore.DefaultName, upload, "application/x-tar", new ImportOptions(LabelSource.Folders), null, CancellationToken.None);
        double spooling = Stopwatch.GetElapsedTime(start).TotalSeconds;
        GC.Collect();
        File.WriteAllText("/proc/self/clear_refs", "5");
        double before = MegabytesOf("VmRSS");
        TimeSpan work = CpuTime();
        start = Stopwatch.GetTimestamp();
        Task<JobRecord> import = EndOfJobAsync(services.GetRequiredService<JobReader>(), started.Job!.Id);
        (double[] codes, double[] queries) = await load.RunAsync(import);
        JobRecord job = await import;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        work = CpuTime() - work;
        if (job.State != JobState.Succeeded || job.Counts.Indexed != count)
        {
            throw new InvalidOperationException($"The import ended {job.State} with {job.Counts}: {job.Error}");
        }

        var result = new Dictionary<string, object>
        {
            ["provider"] = options["provider"],
            ["encoder"] = options["encoder"],
            ["isolate"] = options["isolate"],
            ["pictures"] = count,
            ["archive_mb"] = Math.Round(new FileInfo(archive).Length / 1e6),
            ["spooling_s"] = Math.Round(spooling, 2),
            ["seconds"] = Math.Round(seconds, 2),
            ["pictures_per_s"] = Math.Round(count / seconds, 1),
            ["core_ms_a_picture"] = Math.Round(work.TotalMilliseconds / count, 2),
            ["idle_cores"] = Math.Round(1 - (work.TotalSeconds / (seconds * Environment.ProcessorCount)), 3),
            ["bare_encoder_pictures_per_s"] = Math.Round(bare.EncoderRate, 1),
            ["of_bare_encoder"] = Math.Round(count / seconds / bare.EncoderRate, 3),
            ["decoding_core_ms"] = Math.Round(bare.DecodingCoreMs, 2),
            ["encoding_core_ms"] = Math.Round(bare.EncodingCoreMs, 2),
            ["disk_write_mb_per_s"] = Math.Round(diskRate),
            ["mb_before"] = Math.Round(before),
            ["peak_mb"] = Math.Round(MegabytesOf("VmHWM")),
            ["threads"] = Environment.ProcessorCount,
        };
        Tell(result, "search_by_code", idleCodes, codes);
        Tell(result, "search_by_picture", idlePictures, queries);
        if (options["rehash"] == "yes")
        {
            double rate = count / await RehashAsync(services, folder);
            result["rehash_pictures_per_s"] = Math.Round(rate, 1);
            result["rehash_of_bare_encoder"] = Math.Round(rate / bare.EncoderRate, 3);
        }

        Console.WriteLine(JsonSerializer.Serialize(result));
        foreach (IHostedService service in services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None);
        }

        File.Delete(archive);
    }

    /// <summary>Fills a generation for a second model of the same work, which has codes of another length.</summary>
    /// <returns>Seconds of the job, its comparison included.</returns>
    private static async Task<double> RehashAsync(ServiceProvider services, string folder)
    {
        string files = Directory.CreateDirectory(Path.Combine(folder, "second")).FullName;
        ImageEncoding other = ImageEncoding.Prepare("cpu", "skia", "fp32", 0, SecondBits);
        ModelInfo model = await services.GetRequiredService<ModelStore>().ImportAsync(
            other.FirstModel.Create(files, null, CancellationToken.None), CancellationToken.None);
        byte[] preview = services.GetRequiredService<IPreviewMaker>().Make(Picture.Sample()[0].Bytes).Preview!.Jpeg;
        await services.GetRequiredService<PictureEncoder>().HashAsync(preview, model.Id, EncodePriority.Background, CancellationToken.None);
        long start = Stopwatch.GetTimestamp();
        StartOutcome started = await services.GetRequiredService<GenerationStore>().StartAsync(
            CollectionStore.DefaultName, model.Id, ActivateWhen.Never, null, CancellationToken.None);
        JobRecord job = await EndOfJobAsync(services.GetRequiredService<JobReader>(), started.Job!.Id);
        return job.State == JobState.Succeeded
            ? Stopwatch.GetElapsedTime(start).TotalSeconds
            : throw new InvalidOperationException($"The generation ended {job.State}: {job.Error}");
    }

    private static ServiceProvider Build(EngineOptions settings, bool real)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddDpfahEngine(settings);
        if (real)
        {
            ImageEncoding encoding = ImageEncoding.Prepare("cpu", "skia", "fp32", 0, FirstModel.DefaultBits);
            services.AddSingleton(encoding.Previews).AddSingleton(encoding.Encoders).AddSingleton(encoding.FirstModel);
        }
        else
        {
            ImageEncoding encoding = ImageEncoding.Prepare("cpu", "skia", "fp32", 0, FirstModel.DefaultBits);
            services.AddSingleton<IPreviewMaker>(new CopyingPreviews(encoding.Previews));
            services.AddSingleton<IImageEncoderFactory, ConstantEncoders>();
            services.AddSingleton<IFirstModel>(encoding.FirstModel);
        }

        return services.BuildServiceProvider();
    }

    private static async Task WriteArchiveAsync(string path, IReadOnlyList<byte[]> pictures, int count)
    {
        await using FileStream file = File.Create(path);
        await using var tar = new TarWriter(file, TarEntryFormat.Ustar);
        for (int i = 0; i < count; i++)
        {
            await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, $"c{i % 10}/{i}.png")
            {
                DataStream = new MemoryStream(pictures[i % pictures.Count], writable: false),
            });
        }
    }

    private static async Task<JobRecord> EndOfJobAsync(JobReader jobs, long id)
    {
        using JobWatch watch = jobs.Watch(id);
        JobRecord job;
        while (!(job = (await jobs.FindAsync(id, CancellationToken.None))!).HasEnded)
        {
            await watch.NextChangeAsync(CancellationToken.None);
        }

        return job;
    }

    /// <summary>MB a second that reach the disk, in pieces of a megabyte that are flushed by tens.</summary>
    private static double MeasureDisk(string folder)
    {
        const int Megabytes = 512;
        string path = Path.Combine(folder, "disk-rate");
        var piece = new byte[1_000_000];
        Random.Shared.NextBytes(piece);
        long start = Stopwatch.GetTimestamp();
        using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            for (int i = 1; i <= Megabytes; i++)
            {
                file.Write(piece);
                if (i % 10 == 0)
                {
                    file.Flush(flushToDisk: true);
                }
            }
        }

        double rate = Megabytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
        File.Delete(path);
        return rate;
    }

    private static void Tell(Dictionary<string, object> result, string name, double[] idle, double[] during)
    {
        foreach ((string when, double[] times) in ((string, double[])[])[("idle", idle), ("importing", during)])
        {
            if (times.Length > 0)
            {
                foreach (int percent in (int[])[50, 95, 99])
                {
                    result[$"{name}_{when}_p{percent}_ms"] = Math.Round(times[Math.Min(times.Length - 1, times.Length * percent / 100)], 2);
                }
            }
        }
    }

    /// <summary>Of this process and of those that decode for it.</summary>
    private static TimeSpan CpuTime() => Environment.CpuUsage.TotalTime + TimeSpan.FromSeconds(ChildProcesses.CpuSeconds());

    private static double MegabytesOf(string name)
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..^" kB".Length].Trim(), CultureInfo.InvariantCulture) / 1e3;
    }

    /// <summary>What decoding and encoding take alone.</summary>
    private sealed record Bare(double EncoderRate, double DecodingCoreMs, double EncodingCoreMs)
    {
        public static async Task<Bare> MeasureAsync(ServiceProvider services, IReadOnlyList<byte[]> pictures)
        {
            IPreviewMaker previews = services.GetRequiredService<IPreviewMaker>();
            PictureEncoder encoder = services.GetRequiredService<PictureEncoder>();
            int model = services.GetRequiredService<SearchService>().Find(CollectionStore.DefaultName)!.Generation.ModelId;
            byte[][] made = [.. pictures.Select(picture => previews.Make(picture).Preview!.Jpeg)];
            await EncodeAllAsync(encoder, model, made);
            TimeSpan work = Environment.CpuUsage.TotalTime;
            foreach (byte[] picture in pictures)
            {
                previews.Make(picture);
            }

            double decoding = (Environment.CpuUsage.TotalTime - work).TotalMilliseconds / pictures.Count;
            work = Environment.CpuUsage.TotalTime;
            long start = Stopwatch.GetTimestamp();
            await EncodeAllAsync(encoder, model, made);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            return new Bare(made.Length / seconds, decoding, (Environment.CpuUsage.TotalTime - work).TotalMilliseconds / made.Length);
        }

        private static Task<ImageCode[]> EncodeAllAsync(PictureEncoder encoder, int model, byte[][] previews) => Task.WhenAll(
            previews.Select(preview => encoder.HashAsync(preview, model, EncodePriority.Background, CancellationToken.None)));
    }

    /// <summary>Searches at even rates, whether or not those before have ended.</summary>
    private sealed class SearchLoad(ServiceProvider services, IReadOnlyList<byte[]> pictures, int codesPerSecond, int picturesPerSecond)
    {
        public bool IsIdle => codesPerSecond == 0 && picturesPerSecond == 0;

        /// <summary>Searches until a task ends.</summary>
        /// <returns>Milliseconds of the searches by code and by picture, ascending.</returns>
        public async Task<(double[] Codes, double[] Pictures)> RunAsync(Task until)
        {
            SearchService search = services.GetRequiredService<SearchService>();
            PictureEncoder encoder = services.GetRequiredService<PictureEncoder>();
            CollectionIndex collection = search.Find(CollectionStore.DefaultName)!;
            EncodedPicture known = await encoder.EncodeAsync(pictures[0], collection.Generation.ModelId, CancellationToken.None);
            var random = new Random(1);
            Task<double[]> codes = RepeatAsync(codesPerSecond, until, () => SearchAsync(known));
            Task<double[]> queries = RepeatAsync(picturesPerSecond, until, async () =>
                await SearchAsync(await encoder.EncodeAsync(pictures[random.Next(pictures.Count)], collection.Generation.ModelId, CancellationToken.None)));
            return (await codes, await queries);

            Task SearchAsync(EncodedPicture picture) => search.SearchAsync(
                [search.Find(CollectionStore.DefaultName)!],
                new Ranking(picture.Code!.Code, picture.Code.Signature, 10, null, []),
                CancellationToken.None);
        }

        private static async Task<double[]> RepeatAsync(int perSecond, Task until, Func<Task> search)
        {
            if (perSecond == 0)
            {
                await until;
                return [];
            }

            long start = Stopwatch.GetTimestamp();
            var running = new List<Task<double>>();
            for (int i = 0; !until.IsCompleted; i++)
            {
                TimeSpan due = TimeSpan.FromSeconds((double)i / perSecond) - Stopwatch.GetElapsedTime(start);
                if (due > TimeSpan.Zero)
                {
                    await Task.Delay(due);
                }

                long began = Stopwatch.GetTimestamp();
                running.Add(Task.Run(async () =>
                {
                    await search();
                    return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                }));
            }

            return [.. (await Task.WhenAll(running)).Order()];
        }
    }
}
