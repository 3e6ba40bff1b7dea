using Dpfah.Core.Imaging;

namespace Dpfah.Engine.Models;

/// <summary>What explains the codes of a model; its encoder stays open until this is disposed.</summary>
public sealed class ExplainerUse : IAsyncDisposable
{
    private readonly EncoderUse use;

    internal ExplainerUse(EncoderUse use, IImageExplainer explainer)
    {
        this.use = use;
        Explainer = explainer;
    }

    /// <summary>What explains.</summary>
    public IImageExplainer Explainer { get; }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => use.DisposeAsync();
}
