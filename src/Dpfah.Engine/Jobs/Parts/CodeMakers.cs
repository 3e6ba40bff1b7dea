using Dpfah.Core.Imaging;
using Dpfah.Engine.Models;

namespace Dpfah.Engine.Jobs.Parts;

/// <summary>By what nodes make codes: a node helps only where its codes come out bit for bit as those of the node that runs the job.</summary>
/// <remarks>
/// That holds as far as an identity tells nodes apart: decoder, version, layout, precision, kind of device, and instructions of the processor. It
/// does not name the architecture of a GPU: nodes with GPUs of two architectures count as alike here, and may differ in some bits.
/// </remarks>
internal sealed class CodeMakers(EncoderPool encoders)
{
    /// <summary>By what this node makes the codes of some models.</summary>
    public async Task<CodeMaker[]> OfAsync(IEnumerable<int> modelIds, CancellationToken cancellationToken)
    {
        var makers = new List<CodeMaker>();
        foreach (int modelId in modelIds)
        {
            makers.Add(new CodeMaker(modelId, await encoders.IdentityAsync(modelId, cancellationToken)));
        }

        return [.. makers];
    }

    /// <summary>Checks that this node makes codes as another does.</summary>
    /// <exception cref="CannotHelpException">It does not.</exception>
    public async Task CheckAsync(IReadOnlyList<CodeMaker> others, CancellationToken cancellationToken)
    {
        foreach (CodeMaker other in others)
        {
            EncoderIdentity own = await encoders.IdentityAsync(other.ModelId, cancellationToken);
            if (own != other.Identity)
            {
                throw new CannotHelpException(
                    $"it makes codes by {own.Decoder} {own.Arithmetic}, the node that runs the job by {other.Identity.Decoder} {other.Identity.Arithmetic}, and the two must not be mixed.");
            }
        }
    }
}

/// <summary>By what a node makes the codes of a model.</summary>
/// <param name="ModelId">Number of the model.</param>
/// <param name="Identity">All that codes depend on beside the picture.</param>
internal sealed record CodeMaker(int ModelId, EncoderIdentity Identity);
