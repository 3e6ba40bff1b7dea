using System.Diagnostics;
using Dpfah.Core.Imaging;
using Dpfah.Engine.Decoding;
using Dpfah.Engine.Models;
using Dpfah.Engine.Telemetry;

namespace Dpfah.Engine.Catalogue;

/// <summary>A picture's preview and codes, or the reason why there are none.</summary>
/// <param name="Result">The preview, or the rejection.</param>
/// <param name="Code">The codes; null when the picture was rejected.</param>
/// <param name="DecodeTime">From bytes to preview, waiting for a free decoder included.</param>
/// <param name="ModelTime">From preview to codes, waiting for the batch included.</param>
public sealed record EncodedPicture(PreviewResult Result, ImageCode? Code, TimeSpan DecodeTime, TimeSpan ModelTime);

/// <summary>From a picture's bytes to its codes: the one path of queries and uploads.</summary>
public sealed class PictureEncoder : IDisposable
{
    private readonly IDecoding decoding;
    private readonly EncoderPool encoders;
    private readonly WorkGate gate;

    internal PictureEncoder(IDecoding decoding, EncoderPool encoders, EngineOptions options)
    {
        this.decoding = decoding;
        this.encoders = encoders;
        gate = new WorkGate(options.PicturesInWork);
    }

    /// <summary>Takes a place for a picture that somebody waits for, before any work on it; given back when it is disposed.</summary>
    /// <exception cref="EncoderBusyException"><see cref="EngineOptions.PicturesInWork"/> pictures are decoded and hashed, or wait for it.</exception>
    public IDisposable TakePlace() => gate.Enter();

    /// <summary>Pictures that somebody waits for and that may be in work at once.</summary>
    public int Places => gate.Places;

    /// <summary>Turns away somebody with many pictures before any work on them; once let in, they wait for their places.</summary>
    /// <exception cref="EncoderBusyException">No place is free.</exception>
    public void CheckPlaces() => gate.Check();

    /// <summary>Makes the preview and hashes it with a model.</summary>
    /// <exception cref="EncoderBusyException">Too many pictures are in work, or the encoder's queue is full.</exception>
    public async Task<EncodedPicture> EncodeAsync(ReadOnlyMemory<byte> bytes, int modelId, CancellationToken cancellationToken)
    {
        using IDisposable place = TakePlace();
        return await EncodeInPlaceAsync(bytes, modelId, cancellationToken);
    }

    /// <summary>As <see cref="EncodeAsync"/>, and waits for a place: for one of many pictures that were let in by <see cref="CheckPlaces"/>.</summary>
    /// <exception cref="EncoderBusyException">The encoder's queue is full.</exception>
    public async Task<EncodedPicture> EncodeOneOfManyAsync(ReadOnlyMemory<byte> bytes, int modelId, CancellationToken cancellationToken)
    {
        using IDisposable place = await gate.WaitAsync(cancellationToken);
        return await EncodeInPlaceAsync(bytes, modelId, cancellationToken);
    }

    private async Task<EncodedPicture> EncodeInPlaceAsync(ReadOnlyMemory<byte> bytes, int modelId, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        PreviewResult result = await PreviewAsync(bytes, cancellationToken);
        TimeSpan decodeTime = Stopwatch.GetElapsedTime(start);
        if (result.Preview is null)
        {
            return new EncodedPicture(result, null, decodeTime, TimeSpan.Zero);
        }

        start = Stopwatch.GetTimestamp();
        ImageCode code = await HashAsync(result.Preview.Jpeg, modelId, EncodePriority.Query, cancellationToken);
        return new EncodedPicture(result, code, decodeTime, Stopwatch.GetElapsedTime(start));
    }

    /// <summary>Makes the preview, or says why there is none.</summary>
    /// <exception cref="DecodersUnavailableException">Nothing that decodes can be started now.</exception>
    public async Task<PreviewResult> PreviewAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using Stage.Run stage = Stage.Decode.Begin();
        PreviewResult result = await decoding.MakeAsync(new DecodeRequest(bytes), EncodePriority.Query, cancellationToken);
        stage.Done();
        return result;
    }

    /// <summary>Makes the preview for a job.</summary>
    internal async Task<PreviewResult> PreviewInBackgroundAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using Stage.Run stage = Stage.DecodeInBackground.Begin();
        PreviewResult result = await decoding.MakeAsync(new DecodeRequest(bytes), EncodePriority.Background, cancellationToken);
        stage.Done();
        return result;
    }

    /// <summary>Takes a preview as it comes out of an export, or says why it is none.</summary>
    internal Task<PreviewResult> AdoptInBackgroundAsync(byte[] jpeg, string decoder, CancellationToken cancellationToken) =>
        decoding.MakeAsync(new DecodeRequest(jpeg, decoder), EncodePriority.Background, cancellationToken);

    /// <summary>Hashes a preview with a model.</summary>
    /// <exception cref="EncoderBusyException">The encoder's queue is full; never told to background work.</exception>
    public async Task<ImageCode> HashAsync(
        ReadOnlyMemory<byte> previewJpeg, int modelId, EncodePriority priority, CancellationToken cancellationToken)
    {
        using Stage.Run stage = Stage.ModelFor(priority).Begin();
        await using EncoderUse use = await encoders.UseAsync(modelId, cancellationToken);
        ImageCode code = await use.Encoder.EncodeAsync(previewJpeg, priority, cancellationToken);
        stage.Done();
        return code;
    }

    /// <summary>What explains the codes of a model, in use until it is disposed; null when its encoder cannot.</summary>
    public async Task<ExplainerUse?> UseExplainerAsync(int modelId, CancellationToken cancellationToken)
    {
        EncoderUse use = await encoders.UseAsync(modelId, cancellationToken);
        if (use.Encoder is IImageExplainer explainer)
        {
            return new ExplainerUse(use, explainer);
        }

        await use.DisposeAsync();
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => gate.Dispose();
}
