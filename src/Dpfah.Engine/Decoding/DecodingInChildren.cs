using Dpfah.Core.Imaging;
using Dpfah.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Decoding;

/// <summary>Decodes in other processes: what a picture does to its decoder, or how long it takes, this process survives.</summary>
internal sealed class DecodingInChildren : IDecoding, IDisposable
{
    /// <summary>Processes that are there before the first picture, and stay.</summary>
    private const int WarmProcesses = 2;

    /// <summary>
    /// So often a job's picture is tried whose processes are killed, each time two: memory may be short for a while, but an import must not wait for
    /// ever for a picture that always takes too much of it.
    /// </summary>
    private const int MostKills = 3;

    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(100);

    private readonly DecoderProgram program;
    private readonly int cores = Environment.ProcessorCount;

    // As many as there are cores for either: a decoded picture of 40 megapixels takes 160 MB, and a query does not wait behind those of an import.
    private readonly DecoderPool callers;
    private readonly DecoderPool jobs;

    public DecodingInChildren(DecoderProgram program, IPreviewMaker previews, EngineOptions options, ILogger<DecodingInChildren> logger)
    {
        this.program = program;
        var forCallers = new DecoderPoolOptions(cores, options.DecodeTimeout, options.DecoderBytes, IdleTime, Math.Min(WarmProcesses, cores));
        DecoderPoolOptions forJobs = forCallers with { Time = DecoderLimits.TimesForJobs * options.DecodeTimeout, Kept = 0 };
        callers = new DecoderPool(forCallers, () => DecoderChild.Start(program, previews, options.DecoderBytes, 0), logger);
        jobs = new DecoderPool(forJobs, () => DecoderChild.Start(program, previews, options.DecoderBytes, DecoderLimits.JobNice), logger);
    }

    public void Start()
    {
        if (!File.Exists(program.Assembly))
        {
            throw new FileNotFoundException(
                $"The program that decodes pictures, '{program.Assembly}', is missing: it is published beside the service. Dpfah:IsolateDecoder=false decodes in the service itself.",
                program.Assembly);
        }

        DecoderTelemetry.TellNone();
        callers.Start(Math.Min(WarmProcesses, cores));
    }

    public string? Check() => callers.Check();

    public Task<PreviewResult> MakeAsync(DecodeRequest request, EncodePriority priority, CancellationToken cancellationToken) =>
        priority == EncodePriority.Background ? MakeForJobAsync(request, cancellationToken) : callers.MakeAsync(request, cancellationToken);

    public void Dispose()
    {
        callers.Dispose();
        jobs.Dispose();
    }

    /// <summary>A job waits where nothing decodes: it would fail for good long before that is mended.</summary>
    private async Task<PreviewResult> MakeForJobAsync(DecodeRequest request, CancellationToken cancellationToken)
    {
        int kills = 0;
        while (true)
        {
            TimeSpan pause;
            try
            {
                return await jobs.MakeAsync(request, cancellationToken);
            }
            catch (DecodersUnavailableException error)
            {
                kills += error.IsKilled ? 1 : 0;
                pause = error.RetryAfter > LeastPause ? error.RetryAfter : LeastPause;
            }

            if (kills == MostKills)
            {
                return PreviewResult.Rejected(
                    ImageRejection.EndedDecoder,
                    "The processes that decode the picture were killed again and again, as the system does where memory is short. Save it anew with fewer pixels, or give the service more memory, and send it again.");
            }

            await Task.Delay(pause, cancellationToken);
        }
    }
}
