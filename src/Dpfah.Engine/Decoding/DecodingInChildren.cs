using Dpfah.Core.Imaging;
using Dpfah.Engine.Telemetry;
using Microsoft.Extensions.Logging;

namespace Dpfah.Engine.Decoding;

/// <summary>Decodes in other processes: what a picture does to its decoder, or how long it takes, this process survives.</summary>
internal sealed class DecodingInChildren : IDecoding, IDisposable
{
    /// <summary>Processes that are there before the first picture.</summary>
    private const int WarmProcesses = 2;

    private static readonly TimeSpan JobIdleTime = TimeSpan.FromMinutes(1);

    private readonly DecoderProgram program;
    private readonly int cores = Environment.ProcessorCount;

    // As many as there are cores for either: a decoded picture of 40 megapixels takes 160 MB, and a query does not wait behind those of an import.
    private readonly DecoderPool callers;
    private readonly DecoderPool jobs;

    public DecodingInChildren(DecoderProgram program, IPreviewMaker previews, EngineOptions options, ILogger<DecodingInChildren> logger)
    {
        this.program = program;
        string decoder = previews.Decoder;
        var forCallers = new DecoderPoolOptions(cores, options.DecodeTimeout, options.DecoderBytes, Timeout.InfiniteTimeSpan);
        DecoderPoolOptions forJobs = forCallers with { Time = DecoderLimits.TimesForJobs * options.DecodeTimeout, IdleTime = JobIdleTime };
        callers = new DecoderPool(forCallers, () => DecoderChild.Start(program, decoder, options.DecoderBytes, 0), logger);
        jobs = new DecoderPool(forJobs, () => DecoderChild.Start(program, decoder, options.DecoderBytes, DecoderLimits.JobNice), logger);
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

    public Task<PreviewResult> MakeAsync(DecodeRequest request, EncodePriority priority, CancellationToken cancellationToken) =>
        (priority == EncodePriority.Background ? jobs : callers).MakeAsync(request, cancellationToken);

    public void Dispose()
    {
        callers.Dispose();
        jobs.Dispose();
    }
}
