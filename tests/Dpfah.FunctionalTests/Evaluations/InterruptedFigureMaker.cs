using Dpfah.Engine.Evaluations;

namespace Dpfah.FunctionalTests.Evaluations;

/// <summary>Draws figures; behind the reading of the previews something happens to a picture that they show.</summary>
/// <param name="maker">Draws.</param>
/// <param name="interrupt">Told the id of a picture that is shown.</param>
internal sealed class InterruptedFigureMaker(IFigureMaker maker, Func<string, Task> interrupt) : IFigureMaker
{
    public IReadOnlyList<FigureFile> Draw(MeasuredModel model)
    {
        interrupt(model.FirstResults[0].Id).GetAwaiter().GetResult();
        return maker.Draw(model);
    }
}
