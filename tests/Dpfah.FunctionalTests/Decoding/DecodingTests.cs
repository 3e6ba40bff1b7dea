using System.Diagnostics;
using System.Net;
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
            new(preview, "skia/1.0"), new(Pictures.Png(5), "skia/1.0"), new(Pictures.JpegWithExif(6), "other"),
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
        Task<PreviewResult> behind = decoding.MakeAsync(new(Pictures.Png(1)), EncodePriority.Query, patience.Token);
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.Png(2)), EncodePriority.Background, CancellationToken.None)).Preview);
        Assert.False(behind.IsCompleted);

        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => behind.WaitAsync(TimeSpan.FromSeconds(30)));
        decoding.Dispose();
        await Task.WhenAll(hung.Select(task => Assert.ThrowsAnyAsync<OperationCanceledException>(() => task)));
        Assert.Empty(Children());

        Task<PreviewResult> HangAsync(int n) =>
            decoding.MakeAsync(new((byte[])[.. Pictures.Png(n), .. MortalPreviewMaker.Sleep]), EncodePriority.Query, CancellationToken.None);
    }

    [Fact]
    public async Task A_picture_that_needs_more_memory_than_a_process_may_have_is_refused()
    {
        // It needs 280 MB.
        var patience = TimeSpan.FromMinutes(2);
        using DecodingInChildren decoding = Create(InProcess, time: patience, memory: 256 << 20);
        using DecodingInChildren roomy = Create(InProcess, time: patience);
        Task<PreviewResult> accepted = roomy.MakeAsync(new(SlowJpeg.Create()), EncodePriority.Query, CancellationToken.None);

        PreviewResult refused = await decoding.MakeAsync(new(SlowJpeg.Create()), EncodePriority.Query, CancellationToken.None);

        // By the decoder, where it looks at what it is given, or by the loss of the process.
        Assert.True(refused.Rejection is ImageRejection.Undecodable or ImageRejection.EndedDecoder, $"{refused.Rejection} {refused.Detail}");
        Assert.NotNull((await decoding.MakeAsync(new(Pictures.LargeJpeg(1)), EncodePriority.Query, CancellationToken.None)).Preview);
        Assert.NotNull((await accepted).Preview);
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

        File.Delete(broken);
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

    private static DecodingInChildren Create(IPreviewMaker previews, bool isMortal = false, TimeSpan? time = null, long memory = DecoderLimits.DefaultBytes) => new(
        MortalPreviewMaker.Program(HostProcess.TestAssembly, isMortal),
        previews,
        new EngineOptions { DecodeTimeout = time ?? DecoderLimits.DefaultTime, DecoderBytes = memory },
        NullLogger<DecodingInChildren>.Instance);

    private static int[] Children() => ChildProcesses.Of(Environment.ProcessId);
}
