using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using Dpfah.Core.Imaging;
using Dpfah.Learning.Imaging;

namespace Dpfah.Learning.Tests.Imaging.Fuzzing;

/// <summary>
/// Damaged pictures: each becomes a preview or is refused with a reason, soon, and leaves no memory behind. A crash of a native decoder
/// would end this process: the numbers of the pictures at work stand in a file then, whose name the next run tells.
/// </summary>
[Collection(ProcessState.Name)]
public class PictureFuzzTests
{
    private const int Batch = 100;

    // Of the resident memory, in the second half: what pools and heaps sway by. In the first, the heap's pieces come to be as large as they get.
    private const long MemorySway = 64 << 20;

    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void The_corpus_has_a_sound_file_of_every_kind()
    {
        foreach ((string name, byte[] file) in PictureCorpus.Files)
        {
            foreach (string decoder in ImageDecoders.Names)
            {
                PreviewResult result = new PreviewMaker(ImageDecoders.Create(decoder)).Make(file);

                Assert.True(result.Preview is not null || (name, decoder) == ("animated.webp", ImageDecoders.ImageSharp), $"{name}, {decoder}: {result.Detail}");
            }
        }
    }

    [Fact]
    public void The_smallest_interlaced_pictures_are_read_or_refused()
    {
        // Some of their seven passes are empty; ImageSharp never ends on those without a column.
        for (int i = 0; i < 100; i++)
        {
            (int width, int height) = (1 + (i % 10), 1 + (i / 10));
            byte[] file = PictureCorpus.Png(2, 8, interlaced: true, width, height);
            foreach (string decoder in ImageDecoders.Names)
            {
                PreviewResult result = new PreviewMaker(ImageDecoders.Create(decoder)).Make(file);

                Assert.True(result.Preview is not null || (decoder == ImageDecoders.ImageSharp && width < 5), $"{width} x {height}, {decoder}: {result.Detail}");
            }
        }
    }

    [Fact]
    public void Previews_have_nothing_of_the_metadata_of_their_pictures()
    {
        foreach ((string name, byte[] file) in PictureCorpus.WithExif)
        {
            Assert.True(file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(PictureCorpus.ExifText)) > 0, name);
            Assert.Equal(6, ImageHeader.Read(file)!.Orientation);
            foreach (string decoder in ImageDecoders.Names)
            {
                Preview preview = TestPicture.MakePreview(file, decoder);

                Assert.False(JpegHeader.HasMetadata(preview.Jpeg), $"{name}, {decoder}");
                Assert.Equal(-1, preview.Jpeg.AsSpan().IndexOf(Encoding.ASCII.GetBytes(PictureCorpus.ExifText)));
            }
        }
    }

    [Fact]
    [Trait(LongForm.Trait, "pictures")]
    public void Damaged_pictures_are_refused_or_made_previews_of_in_time_and_without_a_trace()
    {
        int count = LongForm.Choose(5_000, 100_000), seed = LongForm.Seed();
        var told = new StringBuilder();
        int done = 0;
        foreach (string decoder in ImageDecoders.Names)
        {
            Outcome outcome = Run(decoder, seed, count);
            done += outcome.Done;
            told.Append(CultureInfo.InvariantCulture, $"{decoder}: {outcome.Accepted:N0} of {outcome.Done:N0} damaged pictures are previews, slowest {outcome.Slowest.TotalMilliseconds:N0} ms (picture {outcome.SlowestNumber}), ")
                .Append(CultureInfo.InvariantCulture, $"resident memory {outcome.MegabytesStart:N0} MB at the start, {outcome.MegabytesBefore:N0} MB half way, {outcome.MegabytesAfter:N0} MB in the end; ");
        }

        LongForm.Record("damaged pictures", $"{told}seed {seed}");
        Counts.Report("damaged-pictures", done, 2 * count);
    }

    private static Outcome Run(string decoder, int seed, int count)
    {
        var maker = new PreviewMaker(ImageDecoders.Create(decoder));
        string working = Path.Combine(Path.GetTempPath(), $"dpfah-fuzz-{decoder}.txt");
        if (File.Exists(working))
        {
            // A run that was stopped leaves it as well.
            TestContext.Current.TestOutputHelper?.WriteLine($"An earlier run ended within the pictures {File.ReadAllText(working)}");
        }

        var outcome = new Outcome();
        Exception? error = null;
        var thread = new Thread(() =>
        {
            try
            {
                RunAll(maker, decoder, working, unchecked(seed * 1_000_003), count, outcome);
            }
            catch (Exception thrown)
            {
                error = thrown;
            }
        });
        thread.IsBackground = true;
        thread.Start();
        int last;
        do
        {
            // A decoder that never ends is told of, although nothing can end it.
            last = outcome.Done;
            Assert.True(thread.Join(Patience) || outcome.Done > last, $"{outcome.AtWork} is not done within {Patience.TotalSeconds} s.");
        }
        while (thread.IsAlive);
        if (error is not null)
        {
            ExceptionDispatchInfo.Throw(error);
        }

        return outcome;
    }

    private static void RunAll(PreviewMaker maker, string decoder, string working, int first, int count, Outcome outcome)
    {
        // The largest picture that is accepted, so that the heap has been as large as it gets.
        maker.Make(TestPicture.Png(8_000, 5_000, new byte[100_000]));
        outcome.MegabytesStart = ResidentMemory() >> 20;
        long before = 0;
        for (int i = 0; i < count; i++)
        {
            int number = unchecked(first + i);
            if (i % Batch == 0)
            {
                File.WriteAllText(working, $"{number} to {unchecked(number + Batch - 1)} under {decoder}\n");
            }

            if (i == count / 2)
            {
                before = ResidentMemory();
            }

            (string source, byte[] file) = PictureMutation.Make(number);
            outcome.AtWork = $"Picture {number} made of {source} under {decoder}";
            Check(maker, file, outcome, number);
        }

        long after = ResidentMemory();
        File.Delete(working);
        (outcome.MegabytesBefore, outcome.MegabytesAfter) = (before >> 20, after >> 20);
        Assert.True(after - before < MemorySway, $"{decoder}: the resident memory grew from {before >> 20} MB half way to {after >> 20} MB; it was {outcome.MegabytesStart} MB at the start.");
    }

    private static void Check(PreviewMaker maker, byte[] file, Outcome outcome, int number)
    {
        string what = outcome.AtWork;
        TimeSpan elapsed = Time(maker, file, what, out PreviewResult result);
        if (elapsed >= TimeLimit)
        {
            // The machine may be busy: what counts is the processor's time, of the fastest run. Nothing else is at work in this process.
            elapsed = Enumerable.Range(0, 3).Min(_ =>
            {
                TimeSpan before = Environment.CpuUsage.TotalTime;
                Time(maker, file, what, out PreviewResult _);
                return Environment.CpuUsage.TotalTime - before;
            });
        }

        // Elsewhere than in the long form tests run beside others.
        Assert.True(elapsed < TimeLimit * LongForm.Choose(10, 1), $"{what} takes {elapsed.TotalSeconds:0.0} s.");
        if (elapsed > outcome.Slowest)
        {
            (outcome.Slowest, outcome.SlowestNumber) = (elapsed, number);
        }

        outcome.Done++;
        if (result.Preview is { } preview)
        {
            outcome.Accepted++;
            Assert.InRange(Math.Min(preview.Width, preview.Height), 1, PreviewMaker.ShorterSide);
            Assert.InRange(Math.Max(preview.Width, preview.Height), 1, PreviewMaker.LongestSide);
            Assert.False(JpegHeader.HasMetadata(preview.Jpeg), what);
        }
        else
        {
            Assert.EndsWith(".", result.Detail, StringComparison.Ordinal);
        }
    }

    private static TimeSpan Time(PreviewMaker maker, byte[] file, string what, out PreviewResult result)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            result = maker.Make(file);
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{what} is not refused, but ends in an error.", error);
        }

        return Stopwatch.GetElapsedTime(start);
    }

    private static long ResidentMemory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * long.Parse(line["VmRSS:".Length..^" kB".Length], CultureInfo.InvariantCulture);
    }

    private sealed class Outcome
    {
        public volatile int Done;

        public volatile string AtWork = "";

        public int Accepted { get; set; }

        public TimeSpan Slowest { get; set; }

        public int SlowestNumber { get; set; }

        public long MegabytesStart { get; set; }

        public long MegabytesBefore { get; set; }

        public long MegabytesAfter { get; set; }
    }
}
