using System.Diagnostics;
using System.Net;
using System.Runtime.CompilerServices;
using Dpfah.Api.Health;
using Dpfah.Core.Imaging;
using Dpfah.Engine;
using Dpfah.Engine.Decoding;
using Dpfah.FunctionalTests.Hosting;
using Dpfah.FunctionalTests.Infrastructure;
using Dpfah.Learning.Imaging;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Dpfah.FunctionalTests.Decoding;

/// <summary>Processes that decode: what they answer, and how they come and go.</summary>
public sealed class DecodingTests
{
    private static readonly IPreviewMaker InProcess = new PreviewMaker(ImageDecoders.Create(ImageDecoders.Skia));

    /// <summary>All that a process has of this one's environment.</summary>
    private static readonly string[] Inherited =
        ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "LD_LIBRARY_PATH", "DOTNET_ROOT", "DOTNET_ROOT_X64", "DOTNET_ROOT_ARM64"];

    /// <summary>And what is set for it.</summary>
    private static readonly string[] Set =
        ["DOTNET_gcServer", "DOTNET_gcConcurrent", "DOTNET_EnableDiagnostics", "DOTNET_TieredPGO", "DOTNET_TC_QuickJitForLoops", "GLIBC_TUNABLES"];

    [Theory]
    [InlineData(ImageDecoders.Skia)]
    [InlineData(ImageDecoders.ImageSharp)]
    public async Task Another_process_answers_as_this_one_would_byte_for_byte(string decoder)
    {
        var here = new PreviewMaker(ImageDecoders.Create(decoder));
        using DecodingInChildren there = Create(here);
        byte[] preview = here.Make(Pictures.LargeJpeg(1)).Preview!.Jpeg;
        DecodeRequest[] requests =
        [
            new(Pictures.Png(1)), new(Pictures.LargeJpeg(2)), new(Pictures.JpegWithExif(3)), new(Pictures.TruncatedJpeg(4)),
            new(Pictures.PngDeclaring(60_000, 60_000)), new("Miaow."u8.ToArray()), new(Array.Empty<byte>()), new(new byte[20 << 20]),
            new(preview, "skia/1.0"), new(Pictures.Png(5), "skia/1.0"), new(Pictures.JpegWithExif(6), "other"), new(Pictures.Jpeg(7), "other"),
        ];

        // All at once: each gets its own.
        PreviewResult[] answers = await Task.WhenAll(requests.Select((request, n) =>
            there.MakeAsync(request, n % 2 == 0 ? EncodePriority.Query : EncodePriority.Background, CancellationToken.None)));

        for (int i = 0; i < requests.Length; i++)
        {
            PreviewResult expected = DecodingInProcess.Make(here, requests[i]);
            Assert.Equal((expected.Rejection, expected.Detail), (answers[i].Rejection, answers[i].Detail));
            Assert.Equal(expected.Preview?.Jpeg, answers[i].Preview?.Jpeg);
            Assert.Equal(expected.Preview is { } p ? (p.Width, p.Height, p.Decoder) : default, answers[i].Preview is { } q ? (q.Width, q.Height, q.Decoder) : default);
        }
    }

    [Fact]
    public async Task A_process_that_somebody_ends_is_replaced_and_the_picture_is_decoded_all_the_same()
    {
        using DecodingInChildren decoding = Create(InProcess);
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(0)), EncodePriority.Query, CancellationToken.None)).Preview);
        int[] first = Children();
        Assert.Single(first);
        Array.ForEach(first, id => Process.GetProcessById(id).Kill());

        for (int n = 0; n < 4; n++)
        {
            Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(n)), EncodePriority.Query, CancellationToken.None)).Preview);
        }

        Assert.DoesNotContain(Children(), first.Contains);
    }

    [Fact]
    public async Task Who_gives_up_before_his_turn_is_let_go_at_once_and_a_slow_picture_holds_up_none_of_a_job()
    {
        using DecodingInChildren decoding = Create(InProcess, isMortal: true, TimeSpan.FromMinutes(1));
        Task<PreviewResult>[] hung = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(n => HangAsync(n))];
        using var patience = new CancellationTokenSource();
        (Task behind, WeakReference bytes) = Queue(decoding, patience.Token);
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(2)), EncodePriority.Background, CancellationToken.None)).Preview);
        Assert.False(behind.IsCompleted);

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => behind.WaitAsync(TimeSpan.FromSeconds(30)));

        // Nor are his bytes kept until it would be his turn.
        await Eventually.BecomesAsync(() => Task.FromResult(IsCollected(bytes)), isCollected => isCollected);
        decoding.Dispose();
        await Task.WhenAll(hung.Select(task => Assert.ThrowsAnyAsync<OperationCanceledException>(() => task)));
        Assert.Empty(Children());

        Task<PreviewResult> HangAsync(int n) =>
            decoding.MakeAsync(new((byte[])[.. Pictures.Png(n), .. MortalPreviewMaker.Sleep]), EncodePriority.Query, CancellationToken.None);
    }

    [Fact]
    public async Task A_picture_that_needs_more_memory_than_a_process_may_have_is_refused()
    {
        // Two pieces of 160 MB, of which 256 MiB hold one: ours is there, and Skia does without its own.
        var patience = TimeSpan.FromMinutes(2);
        byte[] huge = Pictures.HugeInterlacedPng();
        using DecodingInChildren decoding = Create(InProcess, time: patience, memory: 256 << 20);
        using DecodingInChildren roomy = Create(InProcess, time: patience);
        Task<PreviewResult> accepted = roomy.MakeAsync(new(huge), EncodePriority.Query, CancellationToken.None);

        PreviewResult refused = await decoding.MakeAsync(new(huge), EncodePriority.Query, CancellationToken.None);

        Assert.Equal(ImageRejection.Undecodable, refused.Rejection);
        Assert.Contains("takes more memory than there is", refused.Detail, StringComparison.Ordinal);
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.LargeJpeg(1)), EncodePriority.Query, CancellationToken.None)).Preview);
        Assert.NotNull((await accepted).Preview);
    }

    [Fact]
    public async Task A_picture_whose_processes_something_else_kills_is_no_bad_picture_unless_it_happens_again_and_again()
    {
        using DecodingInChildren decoding = Create(InProcess, isMortal: true);
        byte[] shot = [.. Pictures.Png(1), .. MortalPreviewMaker.Shot];
        Task<PreviewResult> ofJob = decoding.MakeAsync(new(shot), EncodePriority.Background, CancellationToken.None);

        DecodersUnavailableException error = await Assert.ThrowsAsync<DecodersUnavailableException>(
            () => decoding.MakeAsync(new(shot), EncodePriority.Query, CancellationToken.None));

        Assert.Contains("memory is short", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(2)), EncodePriority.Query, CancellationToken.None)).Preview);
        Assert.Equal(ImageRejection.EndedDecoder, (await ofJob).Rejection);
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(3)), EncodePriority.Background, CancellationToken.None)).Preview);
    }

    [Fact]
    public async Task What_a_process_gives_is_taken_only_when_it_is_a_preview_of_the_size_that_it_says()
    {
        using DecodingInChildren decoding = Create(InProcess, isMortal: true);

        PreviewResult refused = await decoding.MakeAsync(
            new((byte[])[.. Pictures.Png(1), .. MortalPreviewMaker.Forged]), EncodePriority.Query, CancellationToken.None);

        Assert.Equal(ImageRejection.EndedDecoder, refused.Rejection);
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(1)), EncodePriority.Query, CancellationToken.None)).Preview);
    }

    [Fact]
    public async Task A_process_has_only_the_environment_that_it_needs_and_goes_first_when_memory_runs_out()
    {
        using DecodingInChildren decoding = Create(InProcess);
        foreach (EncodePriority priority in Enum.GetValues<EncodePriority>())
        {
            Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(1)), priority, CancellationToken.None)).Preview);
        }

        IEnumerable<string> allowed = Inherited.Where(name => Environment.GetEnvironmentVariable(name) is not null).Concat(Set);
        int[] children = Children();
        Assert.Equal(2, children.Length);
        Assert.All(children, id =>
        {
            // The C library takes the list of its own settings apart in place.
            IEnumerable<string> names = ChildProcesses.EnvironmentOf(id).Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(variable => !variable.StartsWith("glibc.", StringComparison.Ordinal)).Select(variable => variable.Split('=')[0]);
            Assert.Equal(allowed.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
            Assert.Equal(1000, ChildProcesses.MemoryScoreOf(id));
        });
    }

    [Fact]
    public async Task Processes_without_pictures_end_but_for_those_that_stay_and_no_picture_is_forgotten_when_one_does()
    {
        var options = new DecoderPoolOptions(3, TimeSpan.FromMinutes(1), DecoderLimits.DefaultBytes, TimeSpan.FromMilliseconds(1), Kept: 1);
        DecoderProgram program = MortalPreviewMaker.Program(HostProcess.TestAssembly, isMortal: false);
        using var pool = new DecoderPool(options, () => DecoderChild.Start(program, InProcess, options.MemoryBytes, 0), NullLogger.Instance);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(n => pool.MakeAsync(new(Pictures.LargeJpeg(n)), CancellationToken.None)));
        await Eventually.BecomesAsync(() => Task.FromResult(Children()), ids => ids.Length == 1);

        // Often just when its time of rest is over.
        for (int n = 0; n < 200; n++)
        {
            PreviewResult result = await pool.MakeAsync(new(Pictures.Png(n)), CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
            Assert.NotNull(result.Preview);
            await Task.Delay(1);
        }

        // A picture that comes while the process that stays is not done with the last one has another started; either of the two stays then.
        await Eventually.BecomesAsync(() => Task.FromResult(Children()), ids => ids.Length == 1);
    }

    [Fact]
    public async Task The_end_does_not_wait_for_a_process_that_hangs_at_its_start()
    {
        using DecodingInChildren decoding = Create(InProcess, new DecoderProgram(HostProcess.TestAssembly, MortalPreviewMaker.HungArgument));
        Task<PreviewResult> waiting = decoding.MakeAsync(new(Pictures.Png(1)), EncodePriority.Query, CancellationToken.None);
        await Eventually.BecomesAsync(() => Task.FromResult(Children()), ids => ids.Length == 1);

        var clock = Stopwatch.StartNew();
        decoding.Dispose();

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Empty(Children());
    }

    [Fact]
    public async Task A_job_waits_until_processes_start_or_it_is_cancelled()
    {
        using var folder = new TemporaryFolder();
        string broken = folder["broken"];
        await File.WriteAllTextAsync(broken, "");
        using DecodingInChildren decoding = Create(InProcess, new DecoderProgram(HostProcess.TestAssembly, MortalPreviewMaker.BrokenArgument, broken));
        using var cancellation = new CancellationTokenSource();
        Task<PreviewResult> cancelled = decoding.MakeAsync(new(Pictures.Png(1)), EncodePriority.Background, cancellation.Token);
        Task<PreviewResult> waiting = decoding.MakeAsync(new(Pictures.Png(2)), EncodePriority.Background, CancellationToken.None);
        for (int attempt = 0; attempt < 3; attempt++)
        {
            await Assert.ThrowsAsync<DecodersUnavailableException>(
                () => decoding.MakeAsync(new(Pictures.Png(3)), EncodePriority.Query, CancellationToken.None));
        }

        Assert.NotNull(decoding.Check());
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(waiting.IsCompleted);
        File.Delete(broken);

        Assert.NotNull((await waiting).Preview);
    }

    [Fact]
    public async Task Processes_that_do_not_start_are_said_and_tried_again()
    {
        using var folder = new TemporaryFolder();
        string broken = folder["broken"];
        await File.WriteAllTextAsync(broken, "");
        using var database = new SqliteTestDatabase();
        await using RunningService service = await RunningService.StartAsync(
            database,
            services => services.AddSingleton(new DecoderProgram(HostProcess.TestAssembly, MortalPreviewMaker.BrokenArgument, broken)),
            "--Dpfah:IsolateDecoder", "true");

        Answer answer = await service.Client.SearchAsync(Pictures.Png(1));
        Problem problem = answer.ReadProblem(HttpStatusCode.ServiceUnavailable, "decoders-unavailable");
        Assert.Contains("exit code 3", problem.Detail, StringComparison.Ordinal);
        Assert.NotNull(answer.Headers.RetryAfter);
        Answer health = await service.Client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.Status);
        Assert.Equal("decoding", health.Read<ReadyResponse>(HttpStatusCode.ServiceUnavailable).Step);

        // Nobody sends pictures to a service that is not ready: it comes back by being asked.
        File.Delete(broken);
        await Eventually.BecomesAsync(() => service.Client.GetAsync("/health/ready"), found => found.Status == HttpStatusCode.OK, found => found.Text);
        await Eventually.BecomesAsync(() => service.Client.SearchAsync(Pictures.Png(1)), found => found.Status == HttpStatusCode.OK, found => found.Text);
    }

    [Fact]
    public async Task A_service_without_the_program_that_decodes_does_not_start_and_says_why()
    {
        using var database = new SqliteTestDatabase();
        FileNotFoundException error = await Assert.ThrowsAsync<FileNotFoundException>(() => RunningService.StartAsync(
            database, services => services.AddSingleton(new DecoderProgram("/nowhere/dpfah.dll")), "--Dpfah:IsolateDecoder", "true"));
        Assert.Contains("/nowhere/dpfah.dll", error.Message, StringComparison.Ordinal);
        Assert.Contains("Dpfah:IsolateDecoder=false", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A picture that is given up later, and whether anybody keeps its bytes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (Task Order, WeakReference Bytes) Queue(DecodingInChildren decoding, CancellationToken cancellationToken)
    {
        byte[] bytes = Pictures.Png(1);
        return (decoding.MakeAsync(new(bytes), EncodePriority.Query, cancellationToken), new WeakReference(bytes));
    }

    private static bool IsCollected(WeakReference bytes)
    {
        GC.Collect();
        return !bytes.IsAlive;
    }

    private static DecodingInChildren Create(IPreviewMaker previews, bool isMortal = false, TimeSpan? time = null, long memory = DecoderLimits.DefaultBytes) =>
        Create(previews, MortalPreviewMaker.Program(HostProcess.TestAssembly, isMortal), time, memory);

    private static DecodingInChildren Create(
        IPreviewMaker previews, DecoderProgram program, TimeSpan? time = null, long memory = DecoderLimits.DefaultBytes) => new(
        program,
        previews,
        new EngineOptions { DecodeTimeout = time ?? DecoderLimits.DefaultTime, DecoderBytes = memory },
        NullLogger<DecodingInChildren>.Instance);

    private static int[] Children() => ChildProcesses.Of(Environment.ProcessId);
}
